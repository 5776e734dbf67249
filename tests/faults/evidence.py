"""What is known of a force after a fault: what clients were answered, and what log, owner, read model and subscribers hold.

Nothing here goes through the product's own reading: records are taken from Kafka and documents from MongoDB as they stand.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from roundtable.native import Engines
from tests.faults.receiver import Got

Document = dict[str, Any]
_PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """A success that a client was told of: under which key, of which record, at which version, when, and after what."""

    key: str
    id: str
    version: int
    at: float
    failures: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Logged:
    """A record of the log. Of one that is no event, `id` is empty."""

    partition: int
    offset: int
    id: str = ""
    type: str = ""
    force: str = ""
    subject: str = ""
    version: int = 0
    time: str = ""
    data: Document = field(default_factory=dict)


@dataclass(frozen=True)
class Subscriber:
    """A subscription as it was asked for, and what came to it."""

    id: str
    force: str
    created_at: str
    types: tuple[str, ...]
    got: Sequence[Got]


@dataclass(frozen=True)
class Evidence:
    """Everything that the oracle judges by."""

    force: str
    answered: Sequence[Answer]
    open_keys: frozenset[str]
    log: Sequence[Logged]
    owned: Sequence[Document]
    shown: frozenset[str]
    model: Sequence[Document]
    figures: Sequence[Document]
    history: Sequence[Document]
    subscribers: Sequence[Subscriber]
    deliveries: Sequence[Document]
    leaks: Sequence[str] = ()
    late: str = ""
    """What had not come about within the bound, in words."""


def read_log(engines: Engines, force: str) -> list[Logged]:
    """Every record of a force's topic, in the order of each partition."""
    topic = f"engagement.{force}"
    consumer = Consumer(
        engines.kafka_client("admin")
        | {"group.id": "oracle", "enable.auto.commit": "false", "auto.offset.reset": "error", "log_level": "0"}
    )
    try:
        partitions = sorted(consumer.list_topics(topic, timeout=_PATIENCE).topics[topic].partitions)
        return [record for number in partitions for record in _partition(consumer, topic, number)]
    finally:
        consumer.close()


def ends(engines: Engines, force: str) -> dict[int, int]:
    """Where each partition of a force's topic ends."""
    topic = f"engagement.{force}"
    consumer = Consumer(engines.kafka_client("admin") | {"group.id": "oracle", "log_level": "0"})
    try:
        partitions = consumer.list_topics(topic, timeout=_PATIENCE).topics[topic].partitions
        return {number: _end(consumer, TopicPartition(topic, number)) for number in partitions}
    finally:
        consumer.close()


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """Where a partition ends; a broker that has only just come back may send whoever asks away at first."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return int(consumer.get_watermark_offsets(place, timeout=_PATIENCE)[1])
        except KafkaException:
            if time.monotonic() > deadline:
                raise


def _partition(consumer: Consumer, topic: str, number: int) -> Iterator[Logged]:
    end = _end(consumer, TopicPartition(topic, number))
    consumer.assign([TopicPartition(topic, number, 0)])
    offset, deadline = 0, time.monotonic() + _PATIENCE
    while offset < end and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            offset = (message.offset() or 0) + 1
            yield _logged(number, offset - 1, dict(message.headers() or ()), message.value())
    assert offset == end, f"the log could not be read to its end: {topic} {number}, {offset} of {end}"


def _logged(partition: int, offset: int, headers: dict[str, Any], value: Any) -> Logged:
    try:
        data = json.loads(value)
        texts = [headers[f"ce_{name}"].decode() for name in ("id", "type", "forceid", "subject", "sequence", "time")]
    except (ValueError, KeyError, TypeError):
        return Logged(partition, offset)
    event, kind, force, subject, sequence, at = texts
    return Logged(partition, offset, event, kind, force, subject, int(sequence), at, data)
