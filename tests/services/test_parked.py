"""Poison in mid-stream on the real engines: it is parked with the position, the partition goes on, and redriving restores the fold."""

import asyncio
from typing import Any

import pytest

from chassis import parked
from chassis.mongo import Unavailable
from chassis.parked import ParkedEvents
from roundtable.errors import OperatorError
from roundtable.parked import parked_events
from tests.conftest import Place, eventually
from tests.services.mending import (
    KINDS,
    Log,
    asked,
    events_of,
    mend,
    operating,
    projecting,
    read_on,
    seen,
    stands_at,
    story,
    unprojectable,
)
from tests.services.readmodel_world import World, recount, stored_figures


async def model(there: World) -> tuple[Any, ...]:
    return await there.stored("concerns").find({}, sort=[("_id", 1)]), await stored_figures(there)


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
