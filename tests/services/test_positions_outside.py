"""A topic that is made anew, or a log that is cut: that partition stops and says so, and the others go on."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from chassis import metrics
from chassis.runtime import Runtime
from contracts.topics import PARTITIONS, topic
from roundtable.doctor.stack import judge_positions
from roundtable.errors import OperatorError
from roundtable.positions import Standing, resume, standings
from roundtable.provisioning.desk import settle, until
from tests import builders
from tests.conftest import Place, eventually
from tests.services.mending import Log, operating, projecting, writing
from tests.services.readmodel_world import World, told, world

Runtimes = Callable[[str], Awaitable[Runtime]]
Scene = tuple[World, Log, str]


@pytest.fixture
async def scene(place: Place, runtimes: Runtimes) -> AsyncIterator[Scene]:
    """A read model of two forces, and the pen of their log."""
    other = place.add_force()
    async with world(place, await runtimes("readmodel")) as there, writing(place) as log:
        yield there, log, other


def made_anew(kafka: AdminClient, name: str) -> None:
    """Delete a topic and make it again, as nobody should."""
    settle(kafka.delete_topics([name]))
    until(lambda: name not in kafka.list_topics(timeout=10).topics, "the topic is gone")
    settle(kafka.create_topics([NewTopic(name, PARTITIONS, 1)]))
    until(lambda: name in (topics := kafka.list_topics(timeout=10).topics) and len(topics[name].partitions) == PARTITIONS, "it is back")


def of_force(place: Place, force: str) -> list[Standing]:
    with operating(place) as desk:
        return [each for each in standings(desk) if each.topic == topic(force)]


async def projected(there: World, force: str) -> int:
    return await there.stored("concerns").count({"force": force})


async def write_and_wait(there: World, log: Log, force: str, count: int = 1) -> None:
    before = await projected(there, force)
    await log.write(*await told(there, *(builders.concern_raised(force) for _ in range(count))))

    async def all_projected() -> bool:
        return await projected(there, force) == before + count

    await eventually(all_projected, 60)


def stopped_of(force: str) -> float | None:
    return metrics.REGISTRY.get_sample_value("roundtable_partitions_stopped", {"force": force})


async def test_partitions_of_a_topic_that_was_made_anew_stop_and_those_of_other_forces_go_on(
    place: Place, scene: Scene, runtimes: Runtimes
) -> None:
    there, log, other = scene
    async with projecting(there):
        await write_and_wait(there, log, there.force, 9)
        before = {at.partition: at.offset for at in of_force(place, there.force) if at.offset}

        made_anew(place.engines.provisioning.kafka, topic(there.force))

        async def all_stopped() -> bool:
            return stopped_of(there.force) == len(before)

        await eventually(all_stopped, 80)
        stopped = {at.partition: at for at in of_force(place, there.force) if at.stopped}
        assert {number: at.offset for number, at in stopped.items()} == before
        why = next(iter(stopped.values())).stopped or ""
        number = next(iter(stopped))
        assert f"the position in partition {number} of topic {topic(there.force)} is {before[number]}" in why
        assert "the log reaches from 0 to 0" in why
        assert "PartitionStopped" in why
        report = await there.runtime.checks.report()
        assert (report.checks["partitions"].ok, report.checks["partitions"].required) == (False, False)
        assert report.checks["partitions"].why is not None
        assert topic(there.force) in report.checks["partitions"].why
        assert judge_positions(of_force(place, there.force)).state == "FAIL"
        await write_and_wait(there, log, other, 3)

    # Over a restart too, though the log may have grown past the position by then.
    again = dataclasses.replace(there, runtime=await runtimes("readmodel"))
    async with projecting(again):

        async def still_stopped() -> bool:
            return stopped_of(there.force) == len(before)

        await eventually(still_stopped, 60)
        await write_and_wait(again, log, other)
        with operating(place) as desk:
            with pytest.raises(OperatorError, match="does not hold the position"):
                resume(desk, "readmodel", topic(there.force), number, from_start=False)
            with pytest.raises(OperatorError, match="is not stopped"):
                resume(desk, "readmodel", topic(other), 0, from_start=True)
            for each in stopped:
                assert resume(desk, "readmodel", topic(there.force), each, from_start=True) == 0
        await write_and_wait(again, log, there.force, 6)
        assert stopped_of(there.force) is None


async def test_a_log_whose_beginning_is_cut_off_stops_whoever_stands_before_it(place: Place, scene: Scene, runtimes: Runtimes) -> None:
    there, log, other = scene
    async with projecting(there):
        await write_and_wait(there, log, there.force)
    (at,) = [each for each in of_force(place, there.force) if each.offset]
    where = topic(there.force)
    await log.sender.send_and_wait(where, value=b"", key=b"x", partition=at.partition)
    await log.sender.send_and_wait(where, value=b"", key=b"x", partition=at.partition)
    settle(place.engines.provisioning.kafka.delete_records([TopicPartition(where, at.partition, at.offset + 1)]))
    again = dataclasses.replace(there, runtime=await runtimes("readmodel"))

    async with projecting(again):

        async def is_stopped() -> bool:
            return stopped_of(there.force) == 1

        await eventually(is_stopped, 60)
        await write_and_wait(again, log, other)
        (stopped,) = [each for each in of_force(place, there.force) if each.stopped]
    assert f"is {at.offset}, and the log reaches from {at.offset + 1} to {at.offset + 2}" in (stopped.stopped or "")
