"""Recording: state, outbox record and idempotency record commit together or not at all."""

import asyncio

import pytest

from chassis.keys import KeyFiles, KeyStore, KeysUnavailable, open_all
from chassis.mongo import Mongo
from chassis.outbox import Outbox
from chassis.recording import Draft, Recorder, Stale
from contracts.concern import Concern
from contracts.events import ConcernAmended, ConcernClosed
from contracts.sealing import unseal
from tests.builders import NOW, concern_raised
from tests.conftest import Place


@pytest.fixture
async def recorder(mongo: Mongo, place: Place) -> Recorder:
    for name in ("concerns", "outbox", "idempotency", "fences"):
        await mongo.ensure_collection("concerns", name)
    await Outbox(mongo, "concerns").indexes()
    return Recorder(mongo, store(mongo, place), "concerns")


def store(mongo: Mongo, place: Place) -> KeyStore:
    return KeyStore(mongo, KeyFiles(place.engines.home.keys))


async def test_a_state_and_its_outbox_record_hold_the_same_wire_form(recorder: Recorder, mongo: Mongo, place: Place) -> None:
    (state,) = await recorder.record([Draft(concern_raised(place.force), None)], NOW)

    document = await mongo.collection("concerns", "concerns").find_one({"_id": f"{place.force}:{state.id}"})
    (pending,) = await Outbox(mongo, "concerns").take(10)
    assert document is not None
    assert {"_id": document["_id"], **pending["data"]} == document
    told = {"id": pending["_id"], "type": "engagement.concern-raised.v1", "time": "2025-05-06T18:30:00.000Z"}
    assert pending["data"]["last_event"] == told
    assert "published_at" not in pending


async def test_what_was_said_is_readable_only_with_the_key(recorder: Recorder, mongo: Mongo, place: Place) -> None:
    (state,) = await recorder.record([Draft(concern_raised(place.force, said="the stairs are dark"), None)], NOW)

    document = await mongo.collection("concerns", "concerns").find_one({"_id": f"{place.force}:{state.id}"})
    assert document is not None
    assert "stairs" not in str(document)
    key = await store(mongo, place).find(place.force, document["sealed"]["kid"])
    assert unseal(Concern, document, key).said == "the stairs are dark"


async def test_of_two_changes_of_one_version_only_one_commits(recorder: Recorder, mongo: Mongo, place: Place) -> None:
    (state,) = await recorder.record([Draft(concern_raised(place.force), None)], NOW)
    concern = Concern.model_validate(state.opened())
    changes = [ConcernAmended(concern.next(priority="high")), ConcernClosed(concern.next(status="resolved"))]

    outcomes = await asyncio.gather(*(recorder.record([Draft(change, None)], NOW) for change in changes), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Stale", "list"]
    assert [record["version"] for record in await Outbox(mongo, "concerns").take(10)] == [1, 2]


async def test_an_event_that_cannot_commit_takes_the_others_of_its_request_with_it(recorder: Recorder, mongo: Mongo, place: Place) -> None:
    (first,) = await recorder.record([Draft(concern_raised(place.force), None)], NOW)
    late = Concern.model_validate(first.opened()).next().next()

    with pytest.raises(Stale):
        await recorder.record([Draft(concern_raised(place.force), None), Draft(ConcernAmended(late), None)], NOW)

    assert await mongo.collection("concerns", "concerns").count({}) == 1
    assert len(await Outbox(mongo, "concerns").take(10)) == 1


async def test_what_is_sealed_anew_names_the_key_that_is_to_be_destroyed(recorder: Recorder, mongo: Mongo, place: Place) -> None:
    keys = store(mongo, place)
    (state,) = await recorder.record([Draft(concern_raised(place.force), None)], NOW)
    before = await mongo.collection("concerns", "concerns").find_one({"id": state.id})
    assert before is not None
    old = await keys.find(place.force, before["sealed"]["kid"])
    assert old is not None

    amended = Concern.model_validate(state.opened()).next(said=None)
    await recorder.record([Draft(ConcernAmended(amended), old, rekey=True)], NOW)

    after = await mongo.collection("concerns", "concerns").find_one({"id": state.id})
    assert after is not None
    assert after["sealed"]["kid"] != old.kid
    assert [record["supersedes"] for record in await Outbox(mongo, "concerns").take(10)] == [None, old.kid]


async def test_a_record_without_its_key_is_not_taken_for_an_empty_one(recorder: Recorder, mongo: Mongo, place: Place) -> None:
    (state,) = await recorder.record([Draft(concern_raised(place.force), None)], NOW)
    document = await mongo.collection("concerns", "concerns").find_one({"id": state.id})
    assert document is not None

    with pytest.raises(KeysUnavailable):
        open_all(Concern, [document], {})


async def test_a_receipt_that_is_there_already_stops_the_second_of_two_requests(recorder: Recorder, mongo: Mongo, place: Place) -> None:
    receipt = {"_id": f"{place.force}:0"}
    drafts = [[Draft(concern_raised(place.force), None)] for _ in range(2)]

    outcomes = await asyncio.gather(*(recorder.record(each, NOW, receipt=receipt) for each in drafts), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Stale", "list"]
    assert await mongo.collection("concerns", "concerns").count({}) == 1


async def test_a_fence_lets_those_who_share_it_pass_and_keeps_the_one_apart_who_does_not(recorder: Recorder, place: Place) -> None:
    sharing = [await recorder.fence(place.force, "c", shared=True) for _ in range(3)]
    alone = await recorder.fence(place.force, "c", shared=False)

    await asyncio.gather(*(recorder.record([Draft(concern_raised(place.force), None)], NOW, fences=[fence]) for fence in sharing))
    with pytest.raises(Stale):
        await recorder.record([Draft(concern_raised(place.force), None)], NOW, fences=[alone])

    behind = await recorder.fence(place.force, "c", shared=True)
    again = await recorder.fence(place.force, "c", shared=False)
    await recorder.record([Draft(concern_raised(place.force), None)], NOW, fences=[again])
    with pytest.raises(Stale):
        await recorder.record([Draft(concern_raised(place.force), None)], NOW, fences=[behind])
