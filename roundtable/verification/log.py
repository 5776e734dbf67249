"""Reads a partition of the log from its first record on, as the command line; no group, and no position is kept."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from chassis.consumer import Received
from contracts.codec import UndecodableError, decode
from contracts.topics import force_of
from roundtable.errors import OperatorError

BATCH: Final = 1_000
_SILENCE_SECONDS: Final = 20.0
Headers = Iterable[tuple[str, bytes]]


class Log:
    """The topics of all forces."""

    def __init__(self, client: Consumer) -> None:
        self._client = client

    def read(self, topic: str, partition: int, end: int) -> Iterator[list[Message]]:
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
            for record in records:
                _check(record, topic, partition)
            at = _offset(records[-1]) + 1
            yield [record for record in records if _offset(record) < end]


@contextmanager
def log_reader(client: Mapping[str, str]) -> Iterator[Log]:
    """The log, to be read with this client's identity."""
    own = {"group.id": "roundtable-verify", "enable.auto.commit": "false", "auto.offset.reset": "error", "log_level": 0}
    consumer = Consumer({**client, **own})
    try:
        yield Log(consumer)
    finally:
        consumer.close()


def received(record: Message, topic: str, partition: int) -> Received | str:
    """The event that a record holds, or why it holds none of this topic's force."""
    return judged(record.value(), record.key(), _headers(record), (topic, partition, _offset(record)))


def judged(value: bytes | None, key: bytes | None, headers: Headers, place: tuple[str, int, int]) -> Received | str:
    """The same, of a record's parts and its topic, partition and offset."""
    try:
        message = decode(value, key, headers)
    except UndecodableError as error:
        return f"no event: {error}"
    topic, partition, offset = place
    if message.force != force_of(topic):
        return "an event of another force"
    return Received(message, topic, partition, offset)


def _headers(record: Message) -> list[tuple[str, bytes]]:
    given = record.headers() or []
    pairs = given.items() if isinstance(given, dict) else given
    return [(name, value if isinstance(value, bytes) else str(value or "").encode()) for name, value in pairs]


def _offset(record: Message) -> int:
    offset = record.offset()
    return -1 if offset is None else int(offset)


def _check(record: Message, topic: str, partition: int) -> None:
    if error := record.error():
        message = f"{topic}:{partition} cannot be read from its beginning: {error.str()}"
        raise OperatorError(message) from KafkaException(error)
