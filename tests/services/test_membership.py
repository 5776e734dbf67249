"""Who comes back under its name takes its partitions up at once, and those of a new force; who stops gives them back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiokafka import TopicPartition

from chassis.batch import Batch
from chassis.consumer import Consumption, consume
from chassis.membership import leave
from chassis.mongo import Tx
from chassis.outbox import Outbox
from chassis.positions import Positions
from chassis.recording import Draft, Recorder
from chassis.relay import relay
from chassis.service import Runtime
from contracts.topics import topic
from tests.builders import NOW, concern_raised
from tests.conftest import Place, eventually, running

Runtimes = Callable[[str], Awaitable[Runtime]]
GROUP = "notifications"


@pytest.fixture(autouse=True)
async def named(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Processes have a name; in the end the group forgets it, or others would wait for it."""
    monkeypatch.setenv("ROUNDTABLE_INSTANCE", f"r-{place.force}")
    yield
    await leave((await runtimes(GROUP)).settings, GROUP)


@pytest.fixture
async def concerns(runtimes: Runtimes) -> AsyncIterator[Runtime]:
    runtime = await runtimes("concerns")
    for name in ("concerns", "outbox", "idempotency", "fences"):
        await runtime.mongo.ensure_collection("concerns", name)
    await Outbox(runtime.mongo, "concerns").indexes()
    async with running(runtime, relay(runtime)):
        yield runtime


async def process(runtimes: Runtimes) -> Runtime:
    runtime = await runtimes(GROUP)
    for name in ("positions", "parked"):
        await runtime.mongo.ensure_collection(GROUP, name)
    return runtime


async def sees_the_next_of(concerns: Runtime, runtime: Runtime, *forces: str) -> None:
    """An event of each force, recorded now, reaches the process soon."""
    seen: set[str] = set()

    async def note(_: Tx, batch: Batch) -> None:
        seen.update(event.message.subject for event in batch.events)

    recorder = Recorder(concerns.mongo, concerns.keys, "concerns")
    raised = {(await recorder.record([Draft(concern_raised(force), None)], NOW))[0].id for force in forces}
    concerns.recorded.set()

    async def all_seen() -> bool:
        return raised <= seen

    until = asyncio.Event()
    consuming = asyncio.create_task(consume(runtime, note, until=until))
    await eventually(all_seen)
    # Its service goes on, and so nobody leaves the group: as if the process had been killed.
    until.set()
    await consuming


async def test_events_of_a_force_that_was_registered_meanwhile_are_read(concerns: Runtime, runtimes: Runtimes, place: Place) -> None:
    await sees_the_next_of(concerns, await process(runtimes), place.force)
    other = place.add_force()
    await concerns.registry.refresh()

    await sees_the_next_of(concerns, await process(runtimes), place.force, other)


async def test_who_reads_the_same_takes_over_without_any_leave(concerns: Runtime, runtimes: Runtimes, place: Place) -> None:
    runtime = await process(runtimes)
    await sees_the_next_of(concerns, runtime, place.force)

    assert not await leave(runtime.settings, GROUP, unless_reading=[topic(place.force)])
    await sees_the_next_of(concerns, await process(runtimes), place.force)


async def test_a_name_that_begins_alike_is_somebody_elses(concerns: Runtime, runtimes: Runtimes, place: Place) -> None:
    runtime = await process(runtimes)
    await sees_the_next_of(concerns, runtime, place.force)

    shorter = runtime.settings.model_copy(update={"instance": runtime.settings.instance[:-1]})
    assert not await leave(shorter, GROUP)
    assert await leave(runtime.settings, GROUP)


def has_joined(place: Place) -> bool:
    """Whether the process of this test is a member of the group."""
    described = place.engines.provisioning.kafka.describe_consumer_groups([GROUP])[GROUP].result(20)
    return any(f"r-{place.force}" in member.group_instance_id for member in described.members if member.group_instance_id)


async def test_a_service_that_stops_gives_its_partitions_back(runtimes: Runtimes, place: Place) -> None:
    runtime = await process(runtimes)

    async def note(*_: object) -> None:
        await asyncio.sleep(0)

    async def joined() -> bool:
        return await asyncio.to_thread(has_joined, place)

    async with running(runtime, consume(runtime, note)):
        await eventually(joined)

    assert not await joined()


class RecordingClient:
    """Keeps what is shown to Kafka."""

    def __init__(self, partition: TopicPartition) -> None:
        self._partition = partition
        self.shown: list[int] = []

    def assignment(self) -> set[TopicPartition]:
        return {self._partition}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.shown += offsets.values()


async def test_nothing_is_shown_to_kafka_while_members_join(runtimes: Runtimes, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.consumer.SHOW_SECONDS", 0.01)
    runtime, partition = await process(runtimes), TopicPartition(topic(place.force), 0)
    consumption = Consumption(runtime, lambda *_: asyncio.sleep(0), Positions(runtime.mongo, GROUP), lambda _: None, asyncio.Event())
    client = RecordingClient(partition)

    async def shown() -> bool:
        return client.shown != []

    showing = asyncio.create_task(consumption._show_kafka(client))
    consumption.on_partitions_assigned([partition])
    consumption._at[partition] = 5
    await eventually(shown)
    consumption.on_partitions_revoked([partition])
    # The client names its old partitions until it has new ones, and so they are taken up once more.
    consumption._at[partition] = 5
    client.shown.clear()
    await asyncio.sleep(0.1)
    showing.cancel()

    assert client.shown == []
