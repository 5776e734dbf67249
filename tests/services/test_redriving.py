"""Redriving what is parked, on the real engines: once, beside the consumer, into the model that the event was meant for."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from aiokafka import TopicPartition

from chassis.batch import Batch
from chassis.mongo import Tx
from chassis.positions import Positions
from chassis.redrive import Redriver
from chassis.runtime import Runtime
from chassis.service import assemble
from chassis.settings import Settings
from readmodel import parts
from readmodel.projector import project
from tests.conftest import Place, eventually, running
from tests.services.mending import (
    KINDS,
    Log,
    asked,
    events_of,
    mend,
    projecting,
    read_on,
    seen,
    stands_at,
    story,
    unprojectable,
)
from tests.services.readmodel_world import World, recount, stored_figures


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
