"""What is recorded and sent in benchmarks: concerns as communities raise them, sealed as everywhere."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from uuid_utils import uuid7

from chassis.keys import KeyStore
from chassis.recording import stamp
from contracts.codec import Message
from contracts.concern import Concern, ConcernFacts
from contracts.entry import Entering
from contracts.event import Event
from contracts.events import ConcernClosed, ConcernProgressed, ConcernRaised, ConcernResponded
from contracts.sealing import DataKey, seal

BEGINNING: Final = datetime(2025, 1, 1, 9, tzinfo=UTC)
DAYS: Final = 365
CATEGORIES: Final = ("drugs", "burglary", "anti-social-behaviour", "hate-crime", "patrol-visibility", "road-safety")
SAID: Final = "dealing in the town centre, most evenings, by the bus station"


def concern(force: str, number: int = 0, **facts: Any) -> Concern:  # noqa: ANN401 - facts of a concern
    """A concern at version 1; by its number it is raised on one day or another, in one category or another."""
    entered = {"category": CATEGORIES[number % len(CATEGORIES)], "said": SAID, "raised_on": day(number).date().isoformat()}
    known = ConcernFacts.model_validate(entered | facts, context=Entering())
    return Concern.begin(known, id=str(uuid7()), force=force, raised_at=day(number))


def concern_raised(force: str) -> ConcernRaised:
    """The event of a concern at version 1."""
    return ConcernRaised(concern(force))


def day(number: int) -> datetime:
    """One of the days of a year, each as often as any other."""
    return BEGINNING + timedelta(days=number % DAYS)


def story(concern: Concern) -> list[Event[Concern]]:
    """Four versions of a concern: raised, answered, in progress, closed."""
    answered = concern.next(status="under_review", response="We will walk there on Fridays", responded_at=BEGINNING)
    going_on = answered.next(status="in_progress")
    closed = going_on.next(status="resolved", reason="Patrols take place", decided_by="neighbourhood_team", closed_at=BEGINNING)
    return [ConcernRaised(concern), ConcernResponded(answered), ConcernProgressed(going_on), ConcernClosed(closed)]


def sealed(event: Event[Any], key: DataKey) -> Message:
    """An event as its service sends it."""
    state = stamp(event, BEGINNING)
    if state.last_event is None:
        message = "a state is stamped before it is sent"
        raise ValueError(message)
    return Message(state.last_event.id, event.type, state.service, BEGINNING, seal(state, key))


def many(force: str, key: DataKey, count: int, versions: int = 1) -> Iterator[Message]:
    """So many events of new concerns, each of `versions` versions in their order; versions of different concerns come mixed.

    Args:
        force: of all of them.
        key: seals all of them, though outside of benchmarks each record has its own.
        count: how many events.
        versions: 1 or 4.
    """
    stories = ([sealed(event, key) for event in story(concern(force, number))[:versions]] for number in range(count // versions))
    for together in _chunks(stories, 200):
        yield from (each[version] for version in range(versions) for each in together)


def _chunks(stories: Iterable[list[Message]], size: int) -> Iterator[list[list[Message]]]:
    chunk: list[list[Message]] = []
    for each in stories:
        chunk.append(each)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def new_key(keys: KeyStore, force: str) -> DataKey:
    """A key that the key store does not keep: what it seals is never opened."""
    return keys.make("concerns", force, "benchmark").key


__all__ = ["concern", "concern_raised", "many", "new_key", "sealed", "story"]
