"""What a handler is handed: events of one partition, in their order, each with its place in the log."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from chassis.mongo import Tx
from contracts.codec import Message, UndecodableError, decode
from contracts.topics import force_of

BATCH: Final = 1_000
"""So many events at most are in one transaction."""


class UnknownEventError(Exception):
    """A record is an event, of a type or version that this release does not know: a later one may."""


@dataclass(frozen=True)
class Received:
    """An event and where it stands in the log."""

    message: Message
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class Batch:
    """Events of one partition, in their order.

    Attributes:
        redriven: an operator asked for a parked event again: it is handled after others that came later.
    """

    partition: TopicPartition
    events: Sequence[Received]
    redriven: bool = False

    @property
    def force(self) -> str:
        """The force whose partition it is."""
        return force_of(self.partition.topic)


Handler = Callable[[Tx, Batch], Awaitable[None]]
"""Writes to MongoDB through `tx`, and does nothing else: it may be run again."""
Committed = Callable[[Batch], None]
"""Told of each batch after its commit."""


def received(
    partition: TopicPartition, offset: int, value: bytes | None, key: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> Received:
    """Read a record of a force's topic.

    Raises:
        UndecodableError: it is not an event of ours, or of another force.
        UnknownEventError: it is of a type or version that this release does not know. To pass over it would be to skip it.
    """
    message = decode(value, key, headers)
    if message.force != force_of(partition.topic):
        wrong = "the event is of another force than its topic"
        raise UndecodableError(wrong)
    if message.model is None:
        unknown = "this release knows no event of this type and version"
        raise UnknownEventError(unknown)
    return Received(message, partition.topic, partition.partition, offset)
