"""Fills the log of a force, fast: events as their service would send them, written straight to its topic and recorded by nobody."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from confluent_kafka import Producer

from chassis.recording import stamp
from contracts import events as e
from contracts.codec import Message, encode
from contracts.concern import Concern
from contracts.event import Event
from contracts.sealing import DataKey, seal
from contracts.topics import topic
from tests import builders

DAYS: Final = 28
CATEGORIES: Final = ("drugs", "hate-crime", "burglary", "road-safety")
_KEY: Final = DataKey("k", bytes(32))
_WAITING: Final = 100_000
"""So many records at most wait in the client."""
Record = tuple[bytes, bytes, list[tuple[str, str | bytes | None]]]


def fill(client: Mapping[str, str], force: str, events: int, versions: int = 1) -> None:
    """Write events: concerns raised on four weeks' days, each in so many versions, one after the other.

    Args:
        client: configuration of a Kafka client that may write there.
        force: whose topic.
        events: how many.
        versions: of each concern.
    """
    own: dict[str, Any] = {**client, "acks": "all", "enable.idempotence": True, "linger.ms": 20, "compression.type": "none"}
    producer, name = Producer(own), topic(force)
    for number, (key, value, headers) in enumerate(_records(force, events, versions)):
        producer.produce(name, value=value, key=key, headers=headers)
        if number % 1_000 == 0:
            producer.poll(0)
        while len(producer) > _WAITING:
            producer.poll(0.05)
    producer.flush()


def _records(force: str, events: int, versions: int) -> Iterator[Record]:
    templates = [_Template(force, day, category, versions) for day in range(DAYS) for category in CATEGORIES]
    for number in range(events // versions):
        yield from templates[number % len(templates)].records()


class _Template:
    """The life of a concern, to be repeated under other ids: encoding each anew would take most of the time."""

    def __init__(self, force: str, day: int, category: str, versions: int) -> None:
        at = builders.NOW + timedelta(days=day)
        state = builders.concern(force, category=category).model_copy(update={"raised_at": at})
        happened: list[Event[Concern]] = [e.ConcernRaised(state)]
        for _ in range(versions - 1):
            state = state.next(priority="high")
            happened.append(e.ConcernAmended(state))
        self._subject = state.id
        self._messages = [_sealed(event, at) for event in happened]
        self._records = [encode(message) for message in self._messages]

    def records(self) -> Iterator[Record]:
        """The same under new ids."""
        subject = builders.new_id()
        for message, (_, value, headers) in zip(self._messages, self._records, strict=True):
            names = {message.id.encode(): builders.new_id().encode(), str(self._subject).encode(): subject.encode()}
            for old, new in names.items():
                value = value.replace(old, new)  # noqa: PLW2901 - the same record under new names
            yield subject.encode(), value, [(name, names.get(told, told)) for name, told in headers]


def _sealed(event: Event[Concern], at: datetime) -> Message:
    state = stamp(event, at)
    assert state.last_event is not None
    return Message(state.last_event.id, event.type, state.service, at, seal(state, _KEY))
