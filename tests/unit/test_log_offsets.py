"""Offsets of the log while partitions change their leaders: Kafka's client does not ask again by itself."""

from collections.abc import Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from roundtable import log_offsets

HERE, THERE = TopicPartition("engagement.kent", 0), TopicPartition("engagement.kent", 1)


class Kafka:
    """Refuses one partition so many times with an error, and notes what it was asked for."""

    def __init__(self, refusals: int, code: int) -> None:
        self._left, self._code = refusals, code
        self.asked: list[list[int]] = []
        self.looked = 0

    def list_offsets(self, asked: Mapping[TopicPartition, Any], **_: Any) -> dict[TopicPartition, Future[Any]]:
        self.asked.append([at.partition for at in asked])
        return {at: self._answer(at) for at in asked}

    def list_topics(self, **_: Any) -> None:
        self.looked += 1

    def _answer(self, at: TopicPartition) -> Future[Any]:
        answer: Future[Any] = Future()
        if at.partition == THERE.partition and self._left:
            self._left -= 1
            answer.set_exception(KafkaException(KafkaError(self._code)))
        else:
            answer.set_result(SimpleNamespace(offset=7 + at.partition))
        return answer


@pytest.mark.parametrize("code", [KafkaError.FENCED_LEADER_EPOCH, KafkaError.NOT_LEADER_FOR_PARTITION])
def test_a_partition_whose_leader_is_another_is_asked_for_again_once_the_client_has_looked(code: int) -> None:
    kafka = Kafka(2, code)

    told = log_offsets.after_last(kafka, [HERE, THERE])  # type: ignore[arg-type]  # as much of it as is asked

    assert {place: answer.result().offset for place, answer in told.items()} == {("engagement.kent", 0): 7, ("engagement.kent", 1): 8}
    assert (kafka.asked, kafka.looked) == ([[0, 1], [1], [1]], 2)


def test_what_is_refused_for_another_reason_stands_in_the_answer() -> None:
    kafka = Kafka(1, KafkaError.UNKNOWN_TOPIC_OR_PART)

    told = log_offsets.first(kafka, [HERE, THERE])  # type: ignore[arg-type]  # as above

    assert isinstance(told["engagement.kent", 1].exception(), KafkaException)
    assert kafka.asked == [[0, 1]]


def test_it_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_offsets, "_SECONDS", 0.3)
    kafka = Kafka(10**6, KafkaError.FENCED_LEADER_EPOCH)

    told = log_offsets.after_last(kafka, [THERE])  # type: ignore[arg-type]  # as above

    assert isinstance(told["engagement.kent", 1].exception(), KafkaException)
