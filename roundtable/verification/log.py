"""Reads a partition of the log from its first record on, as the command line; no group, and no position is kept."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import TopicPartition as Place
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from chassis.batch import Received, UnknownEventError, received
from chassis.parked import envelope
from contracts import events as _events  # noqa: F401 - importing it fills the registry
from contracts.codec import UndecodableError
from contracts.topics import force_of
from roundtable.errors import OperatorError

BATCH: Final = 1_000
_SILENCE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the log, as the chassis reads one.

    Attributes:
        offset: where it stands.
        headers: names and values, in their order.
    """

    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Unreadable:
    """A record of which this release makes no event.

    Attributes:
        why: the reason.
        event: what its envelope tells all the same, as a parked event does; nothing where it is of another force.
    """

    why: str
    event: Mapping[str, str]


class Log:
    """The topics of all forces."""

    def __init__(self, client: Consumer) -> None:
        self._client = client

    def read(self, topic: str, partition: int, end: int) -> Iterator[list[Record]]:
        """Every record before an offset, in batches.

        Raises:
            OperatorError: Kafka refuses, no longer has the beginning, or falls silent.
        """
        at = 0
        self._client.assign([TopicPartition(topic, partition, 0)])
        while at < end:
            # It returns once it has as many as it is asked for: more than there are would be waited for in vain.
            records = self._client.consume(min(BATCH, end - at), _SILENCE_SECONDS)
            if not records:
                message = f"{topic}:{partition} fell silent at {at} of {end}: `roundtable doctor` looks at Kafka"
                raise OperatorError(message)
            found = [_record(record, topic, partition) for record in records]
            at = found[-1].offset + 1
            yield [record for record in found if record.offset < end]


@contextmanager
def log_reader(client: Mapping[str, str]) -> Iterator[Log]:
    """The log, to be read with this client's identity."""
    own = {"group.id": "roundtable-verify", "enable.auto.commit": "false", "auto.offset.reset": "error", "log_level": 0}
    consumer = Consumer({**client, **own})
    try:
        yield Log(consumer)
    finally:
        consumer.close()


def judged(record: Record, topic: str, partition: int) -> Received | Unreadable:
    """The event that a record holds, or why it holds none of this topic's force."""
    try:
        return received(Place(topic, partition), record.offset, record.value, record.key, record.headers)
    except (UndecodableError, UnknownEventError) as error:
        own = dict(record.headers).get("ce_forceid") == force_of(topic).encode()
        return Unreadable(f"no event: {error}", envelope(record.headers) if own else {})


def _record(message: Message, topic: str, partition: int) -> Record:
    if error := message.error():
        refusal = f"{topic}:{partition} cannot be read from its beginning: {error.str()}"
        raise OperatorError(refusal) from KafkaException(error)
    offset = message.offset()
    return Record(-1 if offset is None else int(offset), _bytes(message.key()), _bytes(message.value()), tuple(_headers(message)))


def _headers(message: Message) -> Iterator[tuple[str, bytes | None]]:
    given = message.headers() or []
    for name, value in given.items() if isinstance(given, dict) else given:
        yield name, _bytes(value)


def _bytes(part: str | bytes | None) -> bytes | None:
    return part.encode() if isinstance(part, str) else part
