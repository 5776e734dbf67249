"""Group commit on a real MongoDB: requests that share a transaction keep their own outcomes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chassis.keys import KeyFiles, KeyStore
from chassis.mongo import Mongo, Tx, Unavailable
from chassis.outbox import Outbox
from chassis.recording import Draft, Recorder, Stale, recorder
from chassis.runtime import Runtime
from concerns import store
from contracts.concern import Concern
from contracts.events import ConcernAmended
from contracts.state import State
from tests.builders import NOW, concern_raised
from tests.conftest import Place

Outcome = list[State] | BaseException


@pytest.fixture
async def process(mongo: Mongo, place: Place) -> Callable[[], Recorder]:
    """Makes the recorder of one more process of the service."""
    for name in ("concerns", "outbox", "idempotency", "fences"):
        await mongo.ensure_collection("concerns", name)
    await Outbox(mongo, "concerns").indexes()
    return lambda: Recorder(mongo, KeyStore(mongo, KeyFiles(place.engines.home.keys)), "concerns")


@pytest.fixture
def desk(process: Callable[[], Recorder]) -> Recorder:
    return process()


def raising(recorder: Recorder, place: Place, **facts: Any) -> Awaitable[list[State]]:
    return recorder.record([Draft(concern_raised(place.force, **facts), None)], NOW)


def amending(recorder: Recorder, state: State) -> Awaitable[list[State]]:
    amended = Concern.model_validate(state.opened()).next(priority="high")
    return recorder.record([Draft(ConcernAmended(amended), None)], NOW)


async def outcomes(*requests: Awaitable[list[State]]) -> list[Outcome]:
    return await asyncio.gather(*requests, return_exceptions=True)


def kinds(found: list[Outcome]) -> list[str]:
    return [type(each).__name__ for each in found]


async def recorded(mongo: Mongo) -> list[tuple[str, int]]:
    return sorted((record["subject"], record["version"]) for record in await Outbox(mongo, "concerns").take(1_000))


def commits(place: Place) -> int:
    status = place.engines.provisioning.mongo.admin.command("serverStatus")
    return int(status["transactions"]["totalCommitted"])


async def test_requests_at_the_same_moment_share_few_transactions(desk: Recorder, mongo: Mongo, place: Place) -> None:
    before = commits(place)

    found = await outcomes(*(raising(desk, place) for _ in range(40)))

    assert kinds(found) == ["list"] * 40
    assert len(await recorded(mongo)) == await mongo.collection("concerns", "concerns").count({}) == 40
    assert commits(place) - before <= 4


async def test_a_stale_one_does_not_fail_its_neighbours(desk: Recorder, mongo: Mongo, place: Place) -> None:
    (state,) = await raising(desk, place)
    await amending(desk, state)

    found = await outcomes(raising(desk, place), amending(desk, state), raising(desk, place))

    assert kinds(found) == ["list", "Stale", "list"]
    assert len(await recorded(mongo)) == 4


async def test_a_taken_receipt_does_not_fail_its_neighbours(desk: Recorder, process: Callable[[], Recorder], place: Place) -> None:
    receipt = {"_id": f"{place.force}:0"}
    await process().record([Draft(concern_raised(place.force), None)], NOW, receipt=receipt)
    repeated = desk.record([Draft(concern_raised(place.force), None)], NOW, receipt=receipt)

    assert kinds(await outcomes(raising(desk, place), repeated, raising(desk, place))) == ["list", "Stale", "list"]


async def test_a_moved_fence_does_not_fail_its_neighbours(desk: Recorder, process: Callable[[], Recorder], place: Place) -> None:
    behind = await desk.fence(place.force, "c", shared=True)
    alone = await desk.fence(place.force, "c", shared=False)
    await process().record([Draft(concern_raised(place.force), None)], NOW, fences=[alone])
    late = desk.record([Draft(concern_raised(place.force), None)], NOW, fences=[behind])

    assert kinds(await outcomes(raising(desk, place), late, raising(desk, place))) == ["list", "Stale", "list"]


async def test_what_no_document_can_hold_does_not_fail_its_neighbours(desk: Recorder, mongo: Mongo, place: Place) -> None:
    raised = concern_raised(place.force)
    too_large = type(raised)(raised.state.model_copy(update={"said": "x" * 13_000_000}))

    found = await outcomes(raising(desk, place), desk.record([Draft(too_large, None)], NOW), raising(desk, place))

    assert [isinstance(each, Exception) for each in found] == [False, True, False]
    assert not isinstance(found[1], (Stale, Unavailable))
    assert len(await recorded(mongo)) == 2


async def test_two_changes_of_one_version_are_judged_one_after_the_other(desk: Recorder, mongo: Mongo, place: Place) -> None:
    (state,) = await raising(desk, place)

    found = await outcomes(*(amending(desk, state) for _ in range(3)), raising(desk, place))

    assert sorted(kinds(found)) == ["Stale", "Stale", "list", "list"]
    assert [version for subject, version in await recorded(mongo) if subject == state.id] == [1, 2]


async def test_processes_that_change_the_same_at_once_leave_one_winner_each(
    process: Callable[[], Recorder], mongo: Mongo, place: Place
) -> None:
    processes = [process() for _ in range(3)]
    states = [state for (state,) in await asyncio.gather(*(raising(processes[0], place) for _ in range(6)))]

    found = await outcomes(*(amending(each, state) for state in states for each in processes))

    assert sorted(kinds(found)) == ["Stale"] * 12 + ["list"] * 6
    assert [version for _, version in await recorded(mongo)] == [1, 2] * 6


async def test_a_commit_whose_answer_was_lost_and_that_ran_again_is_a_success(
    desk: Recorder, mongo: Mongo, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (state,) = await raising(desk, place)
    plain = mongo.transaction

    async def twice(body: Callable[[Tx], Awaitable[None]]) -> None:
        await plain(body)
        await plain(body)

    monkeypatch.setattr(mongo, "transaction", twice)
    found = await outcomes(raising(desk, place), amending(desk, state), raising(desk, place))
    alone = await outcomes(raising(desk, place))

    assert kinds(found + alone) == ["list"] * 4
    assert len(await recorded(mongo)) == 5


async def test_a_request_whose_client_went_away_is_recorded_whole_or_not_at_all(desk: Recorder, mongo: Mongo, place: Place) -> None:
    requests = [asyncio.ensure_future(raising(desk, place)) for _ in range(12)]
    await asyncio.sleep(0.001)
    for gone in requests[::3]:
        gone.cancel()

    found = await asyncio.gather(*requests, return_exceptions=True)
    await desk.drain()

    staying = {each[0].id for each in found if isinstance(each, list)}
    assert len(staying) >= 8
    kept = {subject for subject, _ in await recorded(mongo)}
    assert staying <= kept
    assert {document["id"] for document in await mongo.collection("concerns", "concerns").find({})} == kept


async def test_without_a_database_nobody_is_told_that_it_took_hold(place: Place) -> None:
    nobody = Mongo("mongodb://127.0.0.1:1/?replicaSet=rs0")
    recorder = Recorder(nobody, KeyStore(nobody, KeyFiles(place.engines.home.keys)), "concerns")

    assert kinds(await outcomes(*(raising(recorder, place) for _ in range(3)))) == ["Unavailable"] * 3
    await nobody.close()


async def test_a_process_that_ends_commits_first_what_it_was_handed(runtimes: Callable[[str], Awaitable[Runtime]], place: Place) -> None:
    runtime, other = await runtimes("concerns"), await runtimes("concerns")
    await store.setup(runtime)
    requests = [asyncio.ensure_future(raising(recorder(runtime), place)) for _ in range(20)]
    await asyncio.sleep(0)

    await runtime.exits.aclose()

    assert all(len(states) == 1 for states in await asyncio.gather(*requests))
    assert await other.mongo.collection("concerns", "concerns").count({}) == 20


async def test_what_is_sealed_has_its_key_in_the_store_before_it_is_there(desk: Recorder, mongo: Mongo, place: Place) -> None:
    keys = KeyStore(mongo, KeyFiles(place.engines.home.keys))

    await outcomes(*(raising(desk, place, said="the stairs are dark") for _ in range(10)))

    documents = await mongo.collection("concerns", "concerns").find({})
    found = await keys.find_all({document["sealed"]["kid"]: place.force for document in documents})
    assert len(found) == 10
