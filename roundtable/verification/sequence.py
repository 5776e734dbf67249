"""Which versions of each aggregate the log holds: few words for each of them, however many events it has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chassis.batch import Received
from chassis.recording import stored_id
from contracts.event import EVENTS
from contracts.state import State
from contracts.topics import force_of
from roundtable.verification.report import Difference


@dataclass(slots=True)
class Known:
    """What the log says of one aggregate.

    Attributes:
        model: of its state, or None where this version does not know it.
        place: topic and partition of its events.
        event: id of the event of the newest version.
        whole: up to this version, none is missing.
        beyond: versions past a gap.
        projected: whether an event of it lies before the read model's position.
        owned: whether its owner holds it.
    """

    model: type[State] | None
    place: str
    version: int = 0
    event: str = ""
    whole: int = 0
    beyond: set[int] = field(default_factory=set)
    projected: bool = False
    owned: bool = False

    def has(self, version: int) -> bool:
        """Whether the log holds this version."""
        return 1 <= version <= self.whole or version in self.beyond


class Sequences:
    """The versions of every aggregate of a force."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}

    def add(self, event: Received) -> Iterator[Difference]:
        """Take note of an event; a second event of the newest version is a difference."""
        message = event.message
        known = self.known.setdefault(stored_id(message.force, message.subject), Known(message.model, f"{event.topic}:{event.partition}"))
        known.model = known.model or message.model
        yield from _note(known, message.force, message.subject, message.version, message.id)

    def add_unreadable(self, event: Mapping[str, str], topic: str, partition: int) -> Iterator[Difference]:
        """Take note of an event of which no more than its envelope can be read: its version is in the log all the same.

        Args:
            event: `id`, `subject` and `sequence`; without them, nothing is noted.
            topic: where it stands.
            partition: likewise.
        """
        if event.keys() >= {"id", "subject", "sequence"}:
            force, kind = force_of(topic), EVENTS.get(event.get("type", ""))
            key, place = stored_id(force, event["subject"]), f"{topic}:{partition}"
            known = self.known.setdefault(key, Known(kind.model if kind else None, place))
            yield from _note(known, force, event["subject"], int(event["sequence"]), event["id"])

    def has(self, key: str, version: int) -> bool:
        """Whether the log holds this version of an aggregate."""
        return key in self.known and self.known[key].has(version)

    def gaps(self) -> Iterator[Difference]:
        """Every aggregate of which the log lacks a version, by the first that is missing."""
        for key, at in self.known.items():
            if at.beyond:
                force, _, subject = key.partition(":")
                yield Difference("a gap in the sequence", force, subject, at.place, at.whole + 1)


def _note(at: Known, force: str, subject: str, version: int, event: str) -> Iterator[Difference]:
    if version == at.version and event != at.event:
        yield Difference("two events of one version", force, subject, at.place, version)
    if version > at.version:
        at.version, at.event = version, event
    _count(at, version)


def _count(at: Known, version: int) -> None:
    if version <= at.whole:
        return
    at.beyond.add(version)
    while at.whole + 1 in at.beyond:
        at.whole += 1
        at.beyond.discard(at.whole)
