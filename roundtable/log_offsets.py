"""Offsets of the log, as Kafka tells them."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.1
_MOVED: Final = frozenset(
    {
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
    }
)
"""The partition has another leader than the client remembers, or its leader was started again."""


def first(kafka: AdminClient, places: Iterable[TopicPartition]) -> Mapping[tuple[str, int], Future[Any]]:
    """The offset of the first event of each place; what Kafka refuses is in the answer of that place."""
    return _told(kafka, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # the client has no annotations here


def after_last(kafka: AdminClient, places: Iterable[TopicPartition]) -> Mapping[tuple[str, int], Future[Any]]:
    """The offset after the last event of each place; what Kafka refuses is in the answer of that place."""
    return _told(kafka, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # as above


def _told(kafka: AdminClient, places: Iterable[TopicPartition], which: OffsetSpec) -> Mapping[tuple[str, int], Future[Any]]:
    told: dict[tuple[str, int], Future[Any]] = {}
    asked, deadline = list(places), time.monotonic() + _SECONDS
    while asked:
        answers = kafka.list_offsets(dict.fromkeys(asked, which), request_timeout=_SECONDS)
        told |= {(at.topic, at.partition): answer for at, answer in answers.items()}
        asked = [at for at, answer in answers.items() if _has_moved(answer)] if time.monotonic() < deadline else []
        if asked:
            # An election takes a moment, and this is a command's own thread: nobody else waits.
            time.sleep(_PAUSE_SECONDS)
            # The client does not ask again by itself, nor does it forget what it remembers until it has looked.
            # A broker that is just starting may not answer; then the question is asked once more all the same.
            with suppress(KafkaException):
                kafka.list_topics(timeout=_SECONDS)
    return told


def _has_moved(answer: Future[Any]) -> bool:
    error = answer.exception(_SECONDS)
    return isinstance(error, KafkaException) and error.args[0].code() in _MOVED
