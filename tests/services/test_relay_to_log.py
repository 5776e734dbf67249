"""From the outbox by way of the log to a consumer's results: nothing is lost, nothing is done twice."""

import asyncio

import pytest

from chassis.batch import Batch
from chassis.consumer import consume
from chassis.mongo import Tx
from chassis.outbox import ALL_PENDING, COLLECTION, Outbox
from chassis.recording import Draft, Recorder
from chassis.relay import relay
from chassis.service import Runtime
from chassis.stored_log import LogReader
from contracts.concern import Concern
from contracts.events import ConcernAmended
from tests.builders import NOW, concern_raised
from tests.conftest import Place, eventually, running
from tests.services.carrying import consuming, count_of, noting, raise_concerns, recording

concerns = pytest.fixture(recording)
readmodel = pytest.fixture(consuming)


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
