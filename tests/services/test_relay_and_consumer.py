"""From the outbox by way of the log to a consumer's results: nothing is lost, nothing is done twice."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis import metrics, parked
from chassis.batch import Batch
from chassis.consumer import consume
from chassis.kafka import producer
from chassis.mongo import Tx
from chassis.outbox import ALL_PENDING, COLLECTION, Outbox
from chassis.parked import ParkedEvents
from chassis.positions import OtherProjection, Positions
from chassis.recording import Draft, Recorder
from chassis.relay import relay
from chassis.service import Runtime
from chassis.stored_log import LogReader
from contracts.codec import Message, encode
from contracts.concern import Concern
from contracts.events import ConcernAmended
from contracts.sealing import seal
from contracts.topics import topic
from tests.builders import NOW, concern_raised, new_id
from tests.conftest import Place, eventually, running

Runtimes = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def concerns(runtimes: Runtimes) -> Runtime:
    runtime = await runtimes("concerns")
    for name in ("concerns", "outbox", "idempotency", "fences"):
        await runtime.mongo.ensure_collection("concerns", name)
    await Outbox(runtime.mongo, "concerns").indexes()
    return runtime


@pytest.fixture
async def readmodel(runtimes: Runtimes) -> Runtime:
    runtime = await runtimes("readmodel")
    for name in ("positions", "parked", "seen"):
        await runtime.mongo.ensure_collection("readmodel", name)
    return runtime


async def raise_concerns(runtime: Runtime, force: str, count: int) -> list[str]:
    recorder = Recorder(runtime.mongo, runtime.keys, "concerns")
    states = [(await recorder.record([Draft(concern_raised(force), None)], NOW))[0] for _ in range(count)]
    runtime.recorded.set()
    return [state.id for state in states]


def noting(runtime: Runtime) -> Callable[[Tx, Batch], Awaitable[None]]:
    """A handler that counts each event; counting twice would show."""

    async def note(tx: Tx, batch: Batch) -> None:
        for event in batch.events:
            seen = runtime.mongo.collection("readmodel", "seen")
            await seen.update_one({"_id": event.message.id}, {"$inc": {"times": 1}}, upsert=True, tx=tx)

    return note


async def count_of(runtime: Runtime) -> list[int]:
    return [each["times"] for each in await runtime.mongo.collection("readmodel", "seen").find({})]


async def test_every_recorded_event_reaches_a_consumer_exactly_once(concerns: Runtime, readmodel: Runtime, place: Place) -> None:
    async with running(concerns, relay(concerns)), running(readmodel, consume(readmodel, noting(readmodel))):
        await raise_concerns(concerns, place.force, 60)

        async def all_seen() -> bool:
            return len(await count_of(readmodel)) == 60

        await eventually(all_seen)

    assert set(await count_of(readmodel)) == {1}
    assert await Outbox(concerns.mongo, "concerns").take(1) == []


async def test_counting_what_is_pending_does_not_read_what_was_published(concerns: Runtime, place: Place) -> None:
    await raise_concerns(concerns, place.force, 5)
    outbox = Outbox(concerns.mongo, "concerns")
    await outbox.mark([record["_id"] for record in await outbox.take(4)])

    with place.engines.mongo.client() as client:
        plan = {"find": COLLECTION, "filter": ALL_PENDING}
        said = client[f"{place.prefix}concerns"].command("explain", plan, verbosity="executionStats")["executionStats"]

    assert [(force, count) for force, count, _ in await outbox.depth()] == [(place.force, 1)]
    assert (said["totalDocsExamined"], said["totalKeysExamined"]) == (1, 1)


async def test_versions_of_one_aggregate_reach_the_log_in_their_order(concerns: Runtime, readmodel: Runtime, place: Place) -> None:
    recorder = Recorder(concerns.mongo, concerns.keys, "concerns")
    (state,) = await recorder.record([Draft(concern_raised(place.force), None)], NOW)
    for _ in range(9):
        amended = Concern.model_validate(state.opened()).next(priority="high")
        (state,) = await recorder.record([Draft(ConcernAmended(amended), None)], NOW)
    versions: list[int] = []

    async def note(_: Tx, batch: Batch) -> None:
        await asyncio.sleep(0)
        versions.extend(event.message.version for event in batch.events)

    async with running(concerns, relay(concerns)), running(readmodel, consume(readmodel, note)):

        async def all_seen() -> bool:
            return len(versions) == 10

        await eventually(all_seen)
    assert versions == list(range(1, 11))


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


async def test_events_are_read_from_the_log_where_they_stand(concerns: Runtime, readmodel: Runtime, place: Place) -> None:
    places: dict[str, tuple[str, int, int]] = {}

    async def note(_: Tx, batch: Batch) -> None:
        await asyncio.sleep(0)
        places.update({event.message.subject: (event.topic, event.partition, event.offset) for event in batch.events})

    async with running(concerns, relay(concerns)), running(readmodel, consume(readmodel, note)):
        raised = await raise_concerns(concerns, place.force, 10)

        async def all_seen() -> bool:
            return len(places) == 10

        await eventually(all_seen)
        log = LogReader(readmodel.settings)
        wanted = [places[subject] for subject in reversed(raised)]
        found = await log.read(wanted)
        again = await log.read(wanted[:1])
        await log.close()
    assert [message.subject for message in found] == list(reversed(raised))
    assert again[0].subject == raised[-1]


async def test_the_key_of_words_that_were_taken_out_is_destroyed_once_the_amendment_is_published(concerns: Runtime, place: Place) -> None:
    recorder = Recorder(concerns.mongo, concerns.keys, "concerns")
    (state,) = await recorder.record([Draft(concern_raised(place.force), None)], NOW)
    document = await concerns.mongo.collection("concerns", "concerns").find_one({"id": state.id})
    assert document is not None
    old = await concerns.keys.find(place.force, document["sealed"]["kid"])
    assert old is not None
    await recorder.record([Draft(ConcernAmended(Concern.model_validate(state.opened()).next(said=None)), old, rekey=True)], NOW)
    assert await concerns.keys.find(place.force, old.kid) is not None, "who reads the version before can open it until then"

    async with running(concerns, relay(concerns)):

        async def destroyed() -> bool:
            return await concerns.keys.find(place.force, old.kid) is None

        await eventually(destroyed)
