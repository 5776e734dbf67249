"""What a consumer cannot deal with is parked and counted, and the partition goes on."""

import asyncio

import pytest

from chassis import metrics, parked
from chassis.batch import Batch
from chassis.consumer import consume
from chassis.kafka import producer
from chassis.mongo import Tx
from chassis.parked import ParkedEvents
from chassis.relay import relay
from chassis.service import Runtime
from contracts.topics import topic
from tests.conftest import Place, eventually, running
from tests.services.carrying import consuming, count_of, noting, raise_concerns, recording

concerns = pytest.fixture(recording)
readmodel = pytest.fixture(consuming)


async def test_what_fails_is_parked_and_the_partition_goes_on(concerns: Runtime, readmodel: Runtime, place: Place) -> None:
    poison, *good = await raise_concerns(concerns, place.force, 12)
    plain = noting(readmodel)

    async def choke(tx: Tx, batch: Batch) -> None:
        if any(event.message.subject == poison for event in batch.events):
            raise ZeroDivisionError
        await plain(tx, batch)

    async with running(concerns, relay(concerns)), running(readmodel, consume(readmodel, choke)):

        async def all_seen() -> bool:
            return len(await count_of(readmodel)) == len(good)

        await eventually(all_seen)

        async def is_parked() -> bool:
            return await readmodel.mongo.collection("readmodel", parked.COLLECTION).count({}) == 1

        await eventually(is_parked)
    (kept,) = await readmodel.mongo.collection("readmodel", parked.COLLECTION).find({})
    assert (kept["error"], kept["force"]) == ("ZeroDivisionError", place.force)
    assert bytes(kept["key"]).decode() == poison
    assert set(await count_of(readmodel)) == {1}


async def test_the_metric_of_parked_events_counts_what_stands_parked_whoever_parked_it(readmodel: Runtime) -> None:
    await readmodel.mongo.collection("readmodel", parked.COLLECTION).insert_one({"_id": "of an earlier process"})

    async def one_is_shown() -> bool:
        return metrics.REGISTRY.get_sample_value("roundtable_parked_events") == 1

    async with running(readmodel, consume(readmodel, noting(readmodel))):
        await eventually(one_is_shown)


async def test_a_count_of_parked_events_that_fails_ends_the_consumer_and_not_itself_alone(
    readmodel: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: ParkedEvents) -> None:
        await asyncio.sleep(0.1)
        raise ZeroDivisionError

    monkeypatch.setattr(ParkedEvents, "watch", broken)

    async with asyncio.timeout(30):
        with pytest.raises(ZeroDivisionError):
            await consume(readmodel, noting(readmodel))


async def test_a_record_that_is_no_event_is_parked(concerns: Runtime, readmodel: Runtime, place: Place) -> None:
    sender = producer(concerns.settings)
    await sender.start()
    await sender.send_and_wait(topic(place.force), b"not JSON", key=b"x")
    await sender.stop()
    await raise_concerns(concerns, place.force, 1)

    async with running(concerns, relay(concerns)), running(readmodel, consume(readmodel, noting(readmodel))):

        async def both_dealt_with() -> bool:
            there = await readmodel.mongo.collection("readmodel", parked.COLLECTION).count({"error": "UndecodableError"})
            return there == 1 and len(await count_of(readmodel)) == 1

        await eventually(both_dealt_with)
