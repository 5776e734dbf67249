"""The watchdog gives up a client that gets nothing done, and never one that has nothing to do or whose Kafka is away."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, UnknownTopicOrPartitionError

from chassis import watchdog as watching
from chassis.consumer import Consumption
from chassis.health import Unready
from chassis.kafka import stop
from chassis.relay import Relay
from chassis.watchdog import NoProgress, Watchdog

MINE, GONE = TopicPartition("engagement.kent", 0), TopicPartition("engagement.essex", 0)


class Client:
    """A client that tells where logs end, or does not."""

    def __init__(self, ends: Mapping[TopicPartition, int]) -> None:
        self.ends = ends
        self.silent = False

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        await asyncio.sleep(0)
        if self.silent:
            raise KafkaConnectionError
        if any(partition not in self.ends for partition in partitions):
            raise UnknownTopicOrPartitionError
        return {partition: self.ends[partition] for partition in partitions}


class Kafka:
    """What everyone else hears of Kafka."""

    away = False

    async def reachable(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            message = "no broker answers"
            raise Unready(message)


def watch(client: Client, standing: dict[TopicPartition, int], kafka: Kafka, elsewhere: Mapping[TopicPartition, int]) -> Watchdog:
    async def everywhere() -> Mapping[TopicPartition, int]:
        return elsewhere

    return Watchdog(client, standing, everywhere, kafka.reachable)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PATIENCE_SECONDS", 0.05)


async def looks(watchdog: Watchdog, between: Callable[[], Any] = lambda: None) -> None:
    for _ in range(3):
        await watchdog._look()
        between()
        await asyncio.sleep(0.06)


@pytest.mark.usefixtures("impatient")
async def test_events_that_wait_while_nothing_moves_are_no_progress() -> None:
    with pytest.raises(NoProgress, match="3 events wait"):
        await looks(watch(Client({MINE: 10}), {MINE: 7}, Kafka(), {}))


@pytest.mark.usefixtures("impatient")
async def test_a_consumer_that_moves_or_has_nothing_to_do_is_left_alone() -> None:
    standing = {MINE: 7}
    await looks(watch(Client({MINE: 100}), standing, Kafka(), {}), lambda: standing.update({MINE: standing[MINE] + 1}))
    await looks(watch(Client({MINE: 10}), {MINE: 10}, Kafka(), {}))
    await looks(watch(Client({MINE: 10}), {}, Kafka(), {MINE: 10}))


@pytest.mark.usefixtures("impatient")
async def test_a_client_that_hears_nothing_from_a_kafka_that_answers_others_is_stuck() -> None:
    client, kafka = Client({MINE: 10}), Kafka()
    client.silent = kafka.away = True
    watchdog = watch(client, {MINE: 10}, kafka, {})

    await looks(watchdog)
    kafka.away = False

    with pytest.raises(NoProgress, match="answers others"):
        await looks(watchdog)


@pytest.mark.usefixtures("impatient")
async def test_a_process_that_was_given_no_partition_notices_that_nobody_reads_them() -> None:
    with pytest.raises(NoProgress, match="3 events wait"):
        await looks(watch(Client({MINE: 10}), {}, Kafka(), {MINE: 7}))


@pytest.mark.usefixtures("impatient")
async def test_a_topic_that_is_gone_holds_nothing_back_and_is_nobodys_fault() -> None:
    standing = {MINE: 10, GONE: 3}
    watchdog = watch(Client({MINE: 10}), standing, Kafka(), {})

    await looks(watchdog)
    assert await watchdog._lag(standing) == {MINE: 0}

    standing[MINE] = 7
    with pytest.raises(NoProgress, match="3 events wait"):
        await looks(watchdog)


def test_a_stuck_client_is_made_anew_once_and_again_only_after_something_was_committed() -> None:
    consumption = object.__new__(Consumption)
    consumption._rebuilt_at = None
    consumption._committer = type("Committed", (), {"batches": 4})()

    consumption._rebuild_once(NoProgress())
    with pytest.raises(NoProgress):
        consumption._rebuild_once(NoProgress())
    consumption._committer.batches = 5
    consumption._rebuild_once(NoProgress())


async def test_a_relay_that_gets_nothing_to_a_kafka_that_answers_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    relay, kafka = object.__new__(Relay), Kafka()
    relay._runtime = type("Told", (), {"settings": None})()
    relay._failing_since = None
    monkeypatch.setattr("chassis.relay.PATIENCE_SECONDS", 0.02)
    monkeypatch.setattr("chassis.relay.reachable", lambda _: kafka.reachable())

    async def fails() -> None:
        relay._failed()
        await asyncio.sleep(0.03)
        await relay._judge([])

    kafka.away = True
    await fails()
    kafka.away = False
    relay._failed()
    await relay._judge([{"_id": "acknowledged"}])
    await asyncio.sleep(0.03)
    await relay._judge([])

    with pytest.raises(NoProgress, match="took nothing from this process"):
        await fails()


async def test_stopping_a_client_that_hangs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging:
        async def stop(self) -> None:
            for _ in range(10):
                try:
                    await asyncio.sleep(0.1)
                except asyncio.CancelledError:
                    continue

    monkeypatch.setattr("chassis.kafka.STOP_SECONDS", 0.05)
    async with asyncio.timeout(0.5):
        await stop(Hanging())
    await asyncio.sleep(1.0)
