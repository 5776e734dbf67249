"""The relay with much to carry: batches that are read ahead and marked behind keep every aggregate's order, and lose and repeat nothing."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from itertools import chain
from typing import Any

import pytest

from chassis import read_ahead
from chassis.batch import Batch
from chassis.consumer import consume
from chassis.mongo import Tx, Unavailable
from chassis.outbox import PUBLISHED, Outbox
from chassis.read_ahead import ReadAhead
from chassis.recording import Draft, Recorder
from chassis.relay import relay
from chassis.service import Runtime
from contracts.concern import Concern
from contracts.events import ConcernAmended
from tests.builders import NOW, concern_raised
from tests.conftest import Place, eventually, running

Runtimes = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def concerns(runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setattr(read_ahead, "BATCH", 7)
    runtime = await runtimes("concerns")
    for name in ("concerns", "outbox", "idempotency", "fences"):
        await runtime.mongo.ensure_collection("concerns", name)
    await Outbox(runtime.mongo, "concerns").indexes()
    return runtime


async def record(runtime: Runtime, force: str, versions: int = 1, **facts: Any) -> str:
    """Record a concern of so many versions; its id."""
    recorder = Recorder(runtime.mongo, runtime.keys, "concerns")
    (state,) = await recorder.record([Draft(concern_raised(force, **facts), None)], NOW)
    for _ in range(versions - 1):
        amended = Concern.model_validate(state.opened()).next(priority="high")
        (state,) = await recorder.record([Draft(ConcernAmended(amended), None)], NOW)
    return state.id


async def published(runtime: Runtime) -> set[str]:
    return {each["subject"] for each in await Outbox(runtime.mongo, "concerns").records.find({"status": PUBLISHED})}


async def test_many_batches_keep_the_order_of_each_aggregate_and_repeat_nothing(
    concerns: Runtime, runtimes: Runtimes, place: Place
) -> None:
    forces = [place.force, place.add_force()]
    await concerns.registry.refresh()
    subjects = await asyncio.gather(*(record(concerns, forces[number % 2], versions=1 + number % 11) for number in range(24)))
    readmodel = await runtimes("readmodel")
    for name in ("positions", "parked"):
        await readmodel.mongo.ensure_collection("readmodel", name)
    seen: dict[str, list[int]] = defaultdict(list)

    async def note(_: Tx, batch: Batch) -> None:
        await asyncio.sleep(0)
        for event in batch.events:
            seen[event.message.subject].append(event.message.version)

    async with running(concerns, relay(concerns)), running(readmodel, consume(readmodel, note)):

        async def all_seen() -> bool:
            return sum(map(len, seen.values())) >= sum(1 + number % 11 for number in range(24))

        await eventually(all_seen, within=60)
    assert seen == {subject: list(range(1, 2 + number % 11)) for number, subject in enumerate(subjects)}
    assert await Outbox(concerns.mongo, "concerns").take(1) == []


async def test_what_comes_before_a_record_that_is_too_large_is_carried_and_what_comes_after_it_waits(
    concerns: Runtime, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.relay.LARGEST_RECORD", 8_000)
    other = place.add_force()
    before = [await record(concerns, place.force) for _ in range(3)]
    large = await record(concerns, place.force, said="x" * 6_000)
    after = [await record(concerns, place.force) for _ in range(3)]
    elsewhere = await asyncio.gather(*(record(concerns, other) for _ in range(9)))

    async with running(concerns, relay(concerns)):

        async def others_are_carried() -> bool:
            return await published(concerns) >= {*before, *elsewhere}

        await eventually(others_are_carried, within=60)
    assert not await published(concerns) & {large, *after}


async def test_nothing_that_was_read_ahead_overtakes_what_was_not_acknowledged(concerns: Runtime, place: Place) -> None:
    subjects = [await record(concerns, place.force) for _ in range(20)]
    reading = ReadAhead(Outbox(concerns.mongo, "concerns"))

    first = await reading.take(())
    await reading.mark(first[1:])
    second = await reading.take(())
    await reading.forget()

    assert [each["subject"] for each in first] == subjects[:7]
    assert [each["subject"] for each in second] == [subjects[0], *subjects[7:13]]


async def test_what_was_marked_is_not_taken_again(concerns: Runtime, place: Place) -> None:
    subjects = [await record(concerns, place.force) for _ in range(16)]
    reading = ReadAhead(Outbox(concerns.mongo, "concerns"))
    taken = []

    while batch := await reading.take(()):
        taken.append([each["subject"] for each in batch])
        await reading.mark(batch)

    assert taken == [subjects[:7], subjects[7:14], subjects[14:]]


async def test_a_batch_that_is_read_ahead_is_no_larger_where_the_one_before_was_marked_first(concerns: Runtime, place: Place) -> None:
    for _ in range(9):
        await record(concerns, place.force)
    outbox = Outbox(concerns.mongo, "concerns")
    first = await outbox.take(3)
    await outbox.mark([each["_id"] for each in first])

    assert len(await outbox.take(3, after=first[-1])) == 3


async def test_a_mark_that_failed_is_said_and_its_records_are_taken_again(
    concerns: Runtime, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(8):
        await record(concerns, place.force)
    outbox = Outbox(concerns.mongo, "concerns")
    reading = ReadAhead(outbox)
    first = await reading.take(())

    async def away(_: list[str]) -> None:
        await asyncio.sleep(0)
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "mark", away)
        await reading.mark(first)
        with pytest.raises(Unavailable):
            await reading.mark(await reading.take(()))
    await reading.forget()

    assert [each["_id"] for each in await reading.take(())] == [each["_id"] for each in first]
    await reading.forget()


async def test_reading_begins_at_the_beginning_again_though_new_aggregates_never_end(concerns: Runtime, place: Place) -> None:
    enough = read_ahead.BATCH * (read_ahead.IN_A_ROW + 2)
    await asyncio.gather(*(record(concerns, place.force) for _ in range(enough)))
    reading = ReadAhead(Outbox(concerns.mongo, "concerns"))

    taken = [[each["subject"] for each in await reading.take(())] for _ in range(read_ahead.IN_A_ROW + 1)]
    await reading.forget()

    assert taken[-1] == taken[0]
    assert list(chain(*taken[:-1])) == sorted(set(chain(*taken)))


async def test_counting_what_is_pending_does_not_read_what_was_published(concerns: Runtime, place: Place) -> None:
    await record(concerns, place.force)
    database = place.engines.provisioning.mongo[f"{place.prefix}concerns"]
    database.command("profile", 2)

    assert [count for _, count, _ in await Outbox(concerns.mongo, "concerns").depth()] == [1]

    database.command("profile", 0)
    (done,) = database["system.profile"].find({"command.aggregate": "outbox"})
    assert done["planSummary"].startswith("IXSCAN")
