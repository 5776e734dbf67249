"""Poison in mid-stream on the real engines: it is parked with the position, the partition goes on, and redriving restores the fold."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis import parked
from chassis.batch import Batch
from chassis.mongo import Collection, Tx, Unavailable
from chassis.parked import ParkedEvents
from chassis.positions import Positions
from chassis.redrive import Redriver
from chassis.runtime import Runtime
from chassis.service import assemble
from chassis.settings import Settings
from contracts import events as e
from contracts.codec import Message, UndecodableError, decode
from contracts.concern import Concern
from contracts.event import EVENTS
from readmodel import parts, projections
from readmodel.projector import project
from roundtable.errors import OperatorError
from roundtable.parked import parked_events
from tests import builders
from tests.conftest import Place, eventually, running
from tests.services.mending import (
    KINDS,
    LATER,
    UNKNOWN,
    Log,
    asked,
    operating,
    projecting,
    read_on,
    seen,
    stands_at,
    unprojectable,
    writing,
)
from tests.services.readmodel_world import World, world
from tests.services.test_readmodel_projector import recount, stored_figures, told


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


@pytest.fixture
async def log(place: Place) -> AsyncIterator[Log]:
    async with writing(place) as writer:
        yield writer


def events_of(runtime: Runtime) -> Collection:
    """What a process of the read model holds parked."""
    return ParkedEvents(runtime.mongo, runtime.name).stored


async def story(there: World) -> list[Any]:
    """Two versions of one concern, and another concern."""
    concern = builders.concern(there.force)
    progressed = e.ConcernProgressed(concern.next(status="in_progress"))
    return await told(there, e.ConcernRaised(concern), progressed, builders.concern_raised(there.force))


async def model(there: World) -> tuple[Any, ...]:
    return await there.stored("concerns").find({}, sort=[("_id", 1)]), await stored_figures(there)


def mend(monkeypatch: pytest.MonkeyPatch, first: Message) -> None:
    """A release that understands what the one before did not."""
    known: Any = projections._KNOWN

    def lenient(document: Any, strict: Callable[[Any], str | None] = known[Concern]) -> str | None:
        return None if document.get("raised_at") == "soon" else strict(document)

    def reading(value: Any, key: Any, headers: Any) -> Message:
        try:
            return decode(value, key, headers)
        except UndecodableError:
            return first

    monkeypatch.setitem(EVENTS, UNKNOWN, e.ConcernRaised)
    monkeypatch.setitem(EVENTS, LATER, e.ConcernRaised)
    monkeypatch.setitem(known, Concern, lenient)
    monkeypatch.setattr("chassis.batch.decode", reading)


@pytest.mark.parametrize("kind", KINDS)
async def test_poison_is_parked_and_once_it_is_understood_redriving_it_adds_its_line_and_changes_no_newer_record(
    there: World, log: Log, place: Place, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    spoil, reason = KINDS[kind]
    first, second, other = await story(there)
    async with projecting(there):
        await log.spoil(first, spoil)
        # Of versions that come together only the newest is projected, and of the others nothing can fail.
        await read_on(there, 1)
        await log.write(second, other)
        await read_on(there, 3)

        (kept,) = seen(place)
        before = await model(there)
        assert kept.shown["reason"] == reason
        assert kept.shown["why"]
        assert {document["version"] for document in before[0]} == {2, 1}
        assert [line["version"] for line in await there.stored("history").find({}, sort=[("version", -1)])] == [2, 1]
        assert "said" not in str(kept.as_json())

        if reason != "failed":
            # Of what a newer version has overtaken, the projection looks at nothing, and nothing of it can fail any more.
            (refusal,) = await asyncio.to_thread(asked, place, "redrive")
            assert (refusal.done, refusal.why) == (False, kept.shown["why"])

        mend(monkeypatch, first)
        (outcome,) = await asyncio.to_thread(asked, place, "redrive")

        assert outcome.done
        assert seen(place) == []
        assert (await model(there))[0] == before[0]
        assert await stored_figures(there) == await recount(there)
        lines = await there.stored("history").find({"subject": first.subject}, sort=[("version", 1)])
        assert [(line["version"], line["offset"] < lines[-1]["offset"]) for line in lines] == [(1, True), (2, False)]
        assert await stands_at(there.runtime) == 3


async def test_what_is_understood_of_a_parked_event_is_its_envelope_its_trace_and_the_release(there: World, log: Log, place: Place) -> None:
    first, *_ = await story(there)
    async with projecting(there):
        await log.spoil(first, unprojectable)
        await read_on(there, 1)

    with operating(place) as desk:
        (kept,) = parked_events(desk, "readmodel", place.force)
        assert parked_events(desk, "notifications") == []
        with pytest.raises(OperatorError, match="parks nothing"):
            parked_events(desk, "meetings")
        with pytest.raises(OperatorError, match="nothing is parked under nowhere"):
            parked_events(desk, ids=["nowhere"])
    assert kept.shown["event"] == {
        "id": first.id,
        "type": first.type,
        "subject": first.subject,
        "sequence": "0000000001",
        "time": "2025-05-06T18:30:00.000Z",
    }
    assert kept.shown["release"] == parked.RELEASE
    assert kept.shown["why"].startswith("ValueError at contracts/dates.py:") or "readmodel/projections.py" in kept.shown["why"]
    assert "ce_type" in kept.shown["headers"]


async def test_what_fails_again_stays_parked_and_says_why_and_the_position_stays_too(there: World, log: Log, place: Place) -> None:
    first, *_ = await story(there)
    async with projecting(there):
        await log.spoil(first, unprojectable)
        await read_on(there, 1)

        refusals = [(await asyncio.to_thread(asked, place, "redrive"))[0] for _ in range(2)]

        (kept,) = seen(place)
        assert [(refusal.done, refusal.why) for refusal in refusals] == [(False, kept.shown["why"])] * 2
        assert (kept.shown["attempts"], await stands_at(there.runtime)) == (2, 1)
        assert await there.stored("history").count({}) == 0


async def test_an_event_and_its_position_are_parked_in_one_transaction(there: World, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_ = await story(there)
    park, between = ParkedEvents.park, list[tuple[int, int]]()

    async def failing(*arguments: Any) -> None:
        between.append((await events_of(there.runtime).count({}), await stands_at(there.runtime)))
        await park(*arguments)
        if len(between) == 1:
            message = "the power went"
            raise Unavailable(message)

    monkeypatch.setattr(ParkedEvents, "park", failing)
    async with projecting(there):
        await log.spoil(first, unprojectable)
        await read_on(there, 1)

    assert between == [(0, 0), (0, 0)]
    assert await events_of(there.runtime).count({}) == 1


async def test_a_newer_event_that_is_redriven_becomes_the_record(
    there: World, log: Log, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = await story(there)
    async with projecting(there):
        await log.write(first)
        await log.spoil(second, KINDS["unreadable"][0])
        await read_on(there, 2)
        mend(monkeypatch, second)

        (outcome,) = await asyncio.to_thread(asked, place, "redrive")

        assert outcome.done
        (document,) = await there.stored("concerns").find({})
        assert (document["version"], document["status"]) == (2, "in_progress")
        assert await stored_figures(there) == await recount(there)


async def test_at_the_limit_a_partition_stops_and_says_so_and_goes_on_once_there_is_room(
    there: World, log: Log, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked, "LIMIT", 2)
    first, *_ = await story(there)
    async with projecting(there):
        for _ in range(3):
            await log.spoil(first, unprojectable)
        await log.write(first)

        async def says_so() -> bool:
            check = (await there.runtime.checks.report()).checks.get("partitions")
            return check is not None and not check.ok and "2 events are parked" in str(check.why)

        await eventually(says_so)
        assert (await there.runtime.checks.report()).checks["partitions"].required is False
        assert (await stands_at(there.runtime), len(seen(place))) == (2, 2)

        gone = await asyncio.to_thread(asked, place, "discard")

        assert [outcome.done for outcome in gone] == [True, True]
        await read_on(there, 4)
        assert len(seen(place)) == 1
        assert await there.stored("concerns").count({}) == 1

        async def well_again() -> bool:
            return (await there.runtime.checks.report()).checks["partitions"].ok

        await eventually(well_again)


async def test_what_is_discarded_leaves_who_when_and_why_and_nothing_that_it_held(there: World, log: Log, place: Place) -> None:
    first, *_ = await story(there)
    async with projecting(there):
        await log.spoil(first, KINDS["unreadable"][0])
        await read_on(there, 1)
        (outcome,) = await asyncio.to_thread(asked, place, "discard")

    (audit,) = await there.runtime.mongo.collection("readmodel", parked.DISCARDED).find({})
    assert outcome.done
    assert seen(place) == []
    assert (audit["by"], audit["because"], audit["event"]["id"]) == ("ada", "no use to anyone", first.id)
    assert audit["discarded_at"]
    assert audit.keys().isdisjoint({"value", "key", "headers"})


async def test_two_processes_that_redrive_at_once_do_it_once(
    there: World, log: Log, place: Place, runtimes: Callable[[str], Awaitable[Runtime]]
) -> None:
    first, *_ = await story(there)
    async with projecting(there):
        await log.spoil(first, unprojectable)
        await read_on(there, 1)
    processes = [await runtimes("readmodel") for _ in range(2)]
    begun = 0

    async def counting(process: Runtime, tx: Tx, batch: Batch) -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.2)
        # A transaction belongs to the client of its process.
        counted = process.mongo.collection("readmodel", "counted")
        await counted.update_one({"_id": batch.events[0].message.id}, {"$inc": {"times": 1}}, upsert=True, tx=tx)

    told_of = list[Batch]()
    redrivers = [Redriver(partial(counting, each), Positions(each.mongo, "readmodel", 1), told_of.append) for each in processes]
    await asyncio.to_thread(asked, place, "redrive", seconds=0)

    await asyncio.gather(*(redriver.look() for redriver in redrivers))

    assert [each["times"] for each in await processes[0].mongo.collection("readmodel", "counted").find({})] == [1]
    assert len(told_of) == 1
    assert begun >= 1
    assert seen(place) == []


async def test_an_event_is_not_redriven_into_a_model_of_another_projection(there: World, log: Log, place: Place) -> None:
    first, *_ = await story(there)
    async with projecting(there):
        await log.spoil(first, unprojectable)
        await read_on(there, 1)

    async def never(_: Tx, __: Batch) -> None:
        pytest.fail("the handler was called")

    await asyncio.to_thread(asked, place, "redrive", seconds=0)
    await Redriver(never, Positions(there.runtime.mongo, "readmodel", 2), lambda _: None).look()

    (kept,) = seen(place)
    assert kept.shown["why"] == "the position of its partition is not of projection 2"


async def test_a_redriving_and_the_consumer_of_the_partition_commit_one_after_the_other(there: World, log: Log) -> None:
    first, *_ = await story(there)
    async with projecting(there):
        await log.spoil(first, unprojectable)
        await read_on(there, 1)
    positions = Positions(there.runtime.mongo, "readmodel", 1)
    partition = (await there.runtime.mongo.collection("readmodel", "positions").find({"offset": 1}))[0]
    where = TopicPartition(partition["topic"], partition["partition"])
    order = list[str]()

    async def redriving(tx: Tx) -> None:
        await positions.hold(where, tx)
        await asyncio.sleep(0.3)
        order.append("redriven")

    async def moving(tx: Tx) -> None:
        await positions.move(where, 1, 2, tx)
        order.append("moved")

    held = asyncio.create_task(there.runtime.mongo.transaction(redriving))
    await asyncio.sleep(0.1)
    await there.runtime.mongo.transaction(moving)
    await held

    assert order == ["redriven", "moved"]


async def test_parked_events_of_a_process_that_was_killed_are_redriven_by_the_next(
    there: World, log: Log, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = await story(there)
    async with projecting(there):
        await log.spoil(first, unprojectable)
        await read_on(there, 1)
    (waiting,) = await asyncio.to_thread(asked, place, "redrive", seconds=0.1)
    assert (waiting.done, "has not come to it yet" in waiting.why) == (False, True)
    mend(monkeypatch, first)
    for name, value in place.environment("readmodel").items():
        monkeypatch.setenv(name, value)
    following = assemble("readmodel", Settings())
    await following.registry.refresh()
    await parts.setup(following)

    async def gone() -> bool:
        return await events_of(following).count({}) == 0

    async with running(following, project(following)):
        await eventually(gone)
    assert [line["version"] for line in await there.stored("history").find({})] == [1]
    await following.exits.aclose()
