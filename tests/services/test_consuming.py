"""A consumer through all that befalls it: it hangs, begins again, finds new forces and large records, and keeps its position."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.batch import Batch
from chassis.consumer import consume
from chassis.kafka import producer
from chassis.mongo import Tx
from chassis.positions import OtherProjection, Positions
from chassis.relay import relay
from chassis.service import Runtime
from contracts.codec import Message, encode
from contracts.sealing import seal
from contracts.topics import topic
from tests.builders import NOW, concern_raised, new_id
from tests.conftest import Place, eventually, running
from tests.services.carrying import Runtimes, consuming, count_of, noting, raise_concerns, recording

concerns = pytest.fixture(recording)
readmodel = pytest.fixture(consuming)


async def test_a_poll_that_hangs_is_given_up_and_the_client_made_anew(
    concerns: Runtime, readmodel: Runtime, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls = 0
    getmany = AIOKafkaConsumer.getmany

    async def hanging(self: AIOKafkaConsumer, **options: int) -> object:
        nonlocal polls
        polls += 1
        if polls == 1:
            await asyncio.sleep(3600)
        return await getmany(self, **options)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", hanging)
    # Long enough for a poll of 0.2 s on a busy machine.
    monkeypatch.setattr("chassis.consumer.POLL_SECONDS", 5.0)
    async with running(concerns, relay(concerns)), running(readmodel, consume(readmodel, noting(readmodel))):
        await raise_concerns(concerns, place.force, 3)

        async def all_seen() -> bool:
            return len(await count_of(readmodel)) == 3

        await eventually(all_seen, 30)


async def test_a_record_larger_than_what_is_held_ready_comes_in_its_turn(
    concerns: Runtime, readmodel: Runtime, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.kafka.LARGEST_SHARE", 1_000)
    monkeypatch.setattr("chassis.kafka.LEAST_SHARE", 1_000)
    seal_key = await concerns.keys.create("concerns", place.force, "large")
    versions: list[int] = []

    async def note(_: Tx, batch: Batch) -> None:
        versions.extend(event.message.version for event in batch.events)

    async with running(readmodel, consume(readmodel, note)):
        sender = producer(concerns.settings)
        await sender.start()
        state = concern_raised(place.force).state
        for said in ("short", "long " * 500_000, "short"):
            state = state.next(said=said)
            message = Message(new_id(), "engagement.concern-amended.v1", "concerns", NOW, seal(state, seal_key))
            key, value, headers = encode(message)
            await sender.send_and_wait(topic(place.force), value=value, key=key, headers=headers)
        await sender.stop()

        async def all_seen() -> bool:
            return len(versions) == 3

        await eventually(all_seen)

    assert versions == [2, 3, 4]


async def test_a_consumer_that_begins_again_repeats_nothing(concerns: Runtime, runtimes: Runtimes, place: Place) -> None:
    await raise_concerns(concerns, place.force, 20)
    async with running(concerns, relay(concerns)):
        for _ in range(2):
            readmodel = await runtimes("readmodel")
            async with running(readmodel, consume(readmodel, noting(readmodel))):
                await raise_concerns(concerns, place.force, 5)

                async def drained(runtime: Runtime = readmodel) -> bool:
                    offsets = await runtime.mongo.collection("readmodel", "positions").find({})
                    return sum(int(each["offset"]) for each in offsets) == await concerns.mongo.collection("concerns", "outbox").count({})

                await eventually(drained)
    assert await count_of(readmodel) == [1] * 30


async def test_a_force_added_while_everything_runs_is_consumed(concerns: Runtime, readmodel: Runtime, place: Place) -> None:
    polls = [runtime.registry.poll(runtime.stopping, 0.1) for runtime in (concerns, readmodel)]
    async with (
        running(concerns, relay(concerns), polls[0]),
        running(readmodel, consume(readmodel, noting(readmodel)), polls[1]),
    ):
        await raise_concerns(concerns, place.force, 1)
        await raise_concerns(concerns, place.add_force(), 1)

        async def both_seen() -> bool:
            return len(await count_of(readmodel)) == 2

        await eventually(both_seen)


async def test_a_position_of_another_projection_is_not_touched(readmodel: Runtime, place: Place) -> None:
    partition = TopicPartition(topic(place.force), 0)
    await Positions(readmodel.mongo, "readmodel", projection=1).take_up(partition)

    with pytest.raises(OtherProjection):
        await Positions(readmodel.mongo, "readmodel", projection=2).take_up(partition)
