"""The rebuild on real engines: it equals the live model, readers notice nothing, and what ends in the middle is gone on with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contracts import events as e
from contracts.concern import Concern
from readmodel import build, models, parts, verifying
from readmodel.model import Model, Outcome
from roundtable import rebuilding
from tests import builders
from tests.conftest import eventually
from tests.services.readmodel_world import state
from tests.services.rebuilding import Scene, history_of, hurried

FIRST, SECOND, THIRD = Model(1), Model(1, 2), Model(1, 3)
there = pytest.fixture(hurried)


async def test_a_rebuilt_model_equals_the_live_one_document_by_document(there: Scene) -> None:
    await there.start()
    messages = await there.send(*history_of(there.place.force, 150))
    await there.put(messages[::9])
    await there.projected()
    before = await there.content(FIRST)

    rebuilding.ask(there.desk)
    await there.swapped(SECOND)

    assert await there.content(SECOND) == before
    assert sum(map(len, before.values())) > 400
    assert there.standing().ended is not None


async def test_readers_notice_no_error_no_gap_and_no_step_back_while_events_come(there: Scene) -> None:
    await there.start()
    await there.start()
    await there.send(*history_of(there.place.force, 60))
    await there.projected()
    concern, seen, stopped = state(Concern, there.place.force), list[int](), asyncio.Event()
    await there.send(e.ConcernRaised(concern))
    await there.projected()

    async def read() -> None:
        while not stopped.is_set():
            seen.append((await there.world.read(f"/concerns/{concern.id}"))["version"])
            assert await there.world.ids("/concerns?limit=5")

    async def write() -> None:
        latest = concern
        while not stopped.is_set():
            latest = latest.next(priority="high")
            await there.send(e.ConcernAmended(latest))
            arrived = await there.world.ask(f"/concerns/{concern.id}?min_version={latest.version}&wait=5s", "reader")
            assert arrived.status_code == 200, arrived.text

    working = [asyncio.create_task(work()) for work in (read, write)]
    rebuilding.ask(there.desk)
    await there.swapped(SECOND)
    await asyncio.sleep(6)  # until the handover and what comes after it are over
    stopped.set()
    await asyncio.gather(*working)

    assert seen == sorted(seen)
    assert parts.parts(there.world.runtime).store.model == SECOND
    await there.projected()


async def test_a_cursor_of_the_model_before_goes_on_in_the_new_one(there: Scene) -> None:
    await there.start()
    await there.send(*(builders.concern_raised(there.place.force) for _ in range(9)))
    await there.projected()
    page = await there.world.read("/concerns?limit=4")
    rebuilding.ask(there.desk)
    await there.swapped(SECOND)
    await eventually(reads(there, SECOND))

    rest = await there.world.read(f"/concerns?limit=9&cursor={page['next']}")

    assert len({each["id"] for each in page["items"] + rest["items"]}) == 9
    assert rest["next"] is None


async def test_the_model_before_is_dropped_after_its_grace_and_not_sooner(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await there.start()
    await there.send(*history_of(there.place.force, 5))
    await there.projected()
    rebuilding.ask(there.desk)
    await there.swapped(SECOND)
    await asyncio.sleep(6)  # longer than the process that built carries on, and sweeps
    assert "concerns_p1" in await there.collections()
    assert await there.store(FIRST).positions.all()

    monkeypatch.setattr(models, "GRACE_SECONDS", 0.1)

    async def is_forgotten() -> bool:
        return there.standing().retired == ()

    await eventually(is_forgotten)
    assert not {"concerns_p1", "history_p1"} & await there.collections()
    assert not await there.store(FIRST).positions.all()
    assert {"concerns_p1_b2", "positions", "parked", "models"} <= await there.collections()
    assert await there.store(SECOND).positions.all()


async def test_two_replicas_share_one_build_and_both_read_what_came_of_it(there: Scene) -> None:
    await there.start()
    second = await there.start()
    await there.send(*history_of(there.place.force, 100))
    await there.projected()

    rebuilding.ask(there.desk)
    await there.swapped(SECOND)
    await eventually(reads(there, SECOND))

    async def second_reads() -> bool:
        return parts.parts(second.runtime).store.model == SECOND

    await eventually(second_reads, within=3)
    await there.send(builders.concern_raised(there.place.force))
    await there.projected()
    assert there.standing().wanted is None


POINTS = {
    "as it begins": (build, "building"),
    "before it is compared": (build, "compare"),
    "before it is recounted": (build, "recount"),
    "before the swap": (build, "_swap"),
    "between the swap and the end": (build, "carry_on"),
    "as what is left over is dropped": (models, "_surplus"),
}


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_that_dies_at_any_point_is_gone_on_for(there: Scene, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    room, name = POINTS[point]
    reached, original = asyncio.Event(), getattr(room, name)

    def stop_here(*arguments: object) -> object:
        if reached.is_set():
            return original(*arguments)
        reached.set()
        raise asyncio.CancelledError

    first = await there.start()
    await there.send(*history_of(there.place.force, 40))
    await there.projected()
    before = await there.content(FIRST)
    monkeypatch.setattr(room, name, stop_here)
    if name != "_surplus":
        rebuilding.ask(there.desk)
    await asyncio.wait_for(reached.wait(), 30)
    await asyncio.wait(first.tasks, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    await first.die()
    if name == "_surplus":
        rebuilding.ask(there.desk)

    await there.start()
    await there.swapped(SECOND)

    assert await there.content(SECOND) == before


async def test_a_process_that_dies_in_the_middle_of_the_log_repeats_nothing(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel.builder.BATCH", 7)
    await there.start()
    await there.send(*history_of(there.place.force, 120))
    await there.projected()
    before = await there.content(FIRST)
    rebuilding.ask(there.desk)

    async def is_under_way() -> bool:
        return 0 < sum((await there.store(SECOND).positions.all()).values()) < there.sent

    for _ in range(3):
        await eventually(is_under_way)
        await there.replicas[-1].die()
        assert there.standing().live == FIRST
        await there.start()
    await there.swapped(SECOND)

    assert await there.content(SECOND) == before


async def test_a_rebuild_that_is_cancelled_leaves_nothing(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel.builder.BATCH", 3)
    await there.start()
    await there.send(*history_of(there.place.force, 150))
    await there.projected()
    wish = rebuilding.ask(there.desk)
    await eventually(has_begun(there))

    await asyncio.to_thread(rebuilding.heard, there.desk, rebuilding.ask_to_cancel(there.desk))

    ended = there.standing().ended
    assert ended is not None
    assert (ended.model, ended.outcome, ended.wish) == (SECOND, Outcome.CANCELLED, wish)

    async def is_gone() -> bool:
        return not any(name.endswith("_b2") for name in await there.collections())

    await eventually(is_gone)


async def test_the_live_model_may_be_ahead_while_it_is_compared(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await there.start()
    await there.send(*history_of(there.place.force, 30))
    await there.projected()
    compared = verifying.compare

    async def after_more(*arguments: Any) -> None:
        await there.send(*(builders.concern_raised(there.place.force) for _ in range(30)))
        await there.projected()
        await compared(*arguments)

    monkeypatch.setattr(build, "compare", after_more)
    rebuilding.ask(there.desk)
    await there.swapped(SECOND)

    assert await there.store(SECOND).named("concerns").count({}) == 60


def reads(there: Scene, model: Model) -> Callable[[], Awaitable[bool]]:
    async def is_read() -> bool:
        return parts.parts(there.world.runtime).store.model == model

    return is_read


def has_begun(there: Scene) -> Callable[[], Awaitable[bool]]:
    async def begun() -> bool:
        return sum((await there.store(SECOND).positions.all()).values()) > 0

    return begun
