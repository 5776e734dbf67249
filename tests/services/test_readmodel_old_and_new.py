"""Two releases side by side: the newer projection builds a model of its own and swaps, while the older one goes on, and back again."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chassis.recording import Draft, Recorder
from chassis.relay import relay
from concerns.main import SERVICE as CONCERNS
from contracts import events as e
from contracts.concern import Concern
from readmodel import build, parts
from readmodel.model import Model
from readmodel.store import FIGURES, HISTORY
from readmodel.tally import figure_of
from roundtable import rebuilding
from roundtable.grants import parse_grant
from roundtable.native.ports import _fresh
from tests import builders
from tests.conftest import Place, eventually, running
from tests.services.callers import calling
from tests.services.readmodel_world import state
from tests.services.rebuilding import Runtimes, Scene, history_of, scene

NEW = Model(2, 2)
BACK = Model(1, 3)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def there(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(build, "CARRY_ON_SECONDS", 4.0)
    async with scene(place, runtimes) as made:
        yield made


@asynccontextmanager
async def newer_release(there: Scene, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A process of the later release, and someone who reads from it."""
    port = _fresh(set())
    env = os.environ | there.place.environment("readmodel") | {"ROUNDTABLE_PORT": str(port)}
    with (folder / "newer.log").open("ab") as log:
        argv = (sys.executable, "-m", "tests.services.newer_readmodel")
        process = await asyncio.create_subprocess_exec(*argv, env=env, cwd=ROOT, stdout=log, stderr=log)
    token = there.world.issuer.token("ada", [parse_grant(f"{there.place.force}:reader")], timedelta(hours=1))
    address, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
    try:
        async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=15) as client:
            yield client
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 12) == 0, (folder / "newer.log").read_text()[-4_000:]


def numbers(value: Any) -> Iterator[int]:
    """Every number in an answer."""
    if isinstance(value, dict):
        for each in value.values():
            yield from numbers(each)
    elif isinstance(value, int):
        yield value


class Use:
    """People who write to the log and read from both releases, and what they see."""

    def __init__(self, there: Scene, newer: httpx2.AsyncClient) -> None:
        self._there = there
        self._newer = newer
        self.stopped = asyncio.Event()
        self.lowest = 0
        self.seen = 0

    async def write(self) -> None:
        """Change one concern again and again, with a field that the older release does not know, and wait for it there."""
        latest = state(Concern, self._there.place.force, said="first", witnesses=3)
        await self._there.send(e.ConcernRaised(latest))
        while not self.stopped.is_set():
            latest = latest.next(status="in_progress" if latest.version % 2 else "raised")
            await self._there.send(e.ConcernAmended(latest))
            path = f"/concerns/{latest.id}?min_version={latest.version}&wait=8s"
            arrived = await self._there.world.ask(path, "reader")
            assert arrived.status_code == 200, arrived.text

    async def read(self) -> None:
        """Read the figures of both; whoever is not up yet is not asked."""
        while not self.stopped.is_set():
            older = await self._there.world.read(f"/summary?force={self._there.place.force}")
            self.lowest = min(self.lowest, *numbers(older["total"]))
            try:
                answer = await self._newer.get("/v1/summary")
            except httpx2.TransportError:
                assert self.seen == 0, "the newer release answers once it has begun to"
            else:
                if answer.status_code == 200:
                    self.seen += 1
                    self.lowest = min(self.lowest, *numbers(answer.json()["total"]))
                else:
                    assert self.seen == 0, answer.text
            await asyncio.sleep(0.02)


@asynccontextmanager
async def in_use(there: Scene, newer: httpx2.AsyncClient) -> AsyncIterator[Use]:
    use = Use(there, newer)
    working = [asyncio.create_task(work()) for work in (use.write, use.read)]
    yield use
    use.stopped.set()
    await asyncio.gather(*working)


async def test_a_newer_projection_builds_its_own_model_and_swaps_while_the_older_one_goes_on(there: Scene, tmp_path: Path) -> None:
    await there.start()
    await there.send(*history_of(there.place.force, 120))
    await there.projected()

    async with newer_release(there, tmp_path) as newer, in_use(there, newer) as use:
        await there.swapped(NEW, within=60)

        async def is_read() -> bool:
            return parts.parts(there.world.runtime).store.model == NEW

        await eventually(is_read)
        await asyncio.sleep(4)  # until the older release has handed over
        use.stopped.set()
        await eventually(lambda: everything_is_in(there, NEW))
        readiness = (await newer.get("/health/ready")).json()

    older = (await there.world.client.get("/health/ready")).json()["checks"]["model"]
    assert readiness["checks"]["model"]["ok"]
    assert (older["ok"], older["required"]) == (False, False)
    assert "build 2 of projection 2" in older["why"]
    assert use.seen > 0
    assert use.lowest == 0
    await figures_are_right(there, NEW)


async def test_the_older_release_comes_back_with_a_model_of_its_own_when_an_operator_asks(there: Scene, tmp_path: Path) -> None:
    await there.start()
    await there.send(*history_of(there.place.force, 20))
    await there.projected()
    before = await there.content(Model(1))
    async with newer_release(there, tmp_path):
        await there.swapped(NEW, within=60)

    rebuilding.ask(there.desk)
    await there.swapped(BACK)

    assert await there.content(BACK) == before
    await there.send(builders.concern_raised(there.place.force))
    await eventually(lambda: everything_is_in(there, BACK))


async def test_what_two_releases_of_a_service_record_in_turn_reaches_both_releases_of_the_read_model(there: Scene, tmp_path: Path) -> None:
    """The newer release of concerns has a field more; the older one, which answers here, does not know it and loses nothing of it."""
    await there.start()
    newer_writes = Recorder(there.concerns.mongo, there.concerns.keys, "concerns")
    async with calling(CONCERNS, there.concerns, there.place, "recorder") as older, running(there.concerns, relay(there.concerns)):
        entered = state(Concern, there.place.force, category="drugs", witnesses=3)
        (written,) = await newer_writes.record([Draft(e.ConcernRaised(entered), None)], builders.NOW)
        record = await older.amended(await older.seen(written.opened()), priority="high")
        again = Concern.from_opened((await there.concerns.mongo.collection("concerns", "concerns").find_one({"id": written.id}) or {}) | {})
        assert again.model_extra is not None
        assert again.model_extra["witnesses"] == 3
        async with newer_release(there, tmp_path) as newer:
            await there.swapped(NEW, within=60)
            record = await older.changed(record, "progress", {"progress": "seen to"})
            path = f"/concerns/{written.id}?min_version={record['version']}&wait=10s"
            both = [(await there.world.read(path)), (await newer.get(f"/v1{path}")).json()]

    assert [(each["version"], each["priority"], each["status"], each["witnesses"]) for each in both] == [(3, "high", "in_progress", 3)] * 2
    lines = await there.store(NEW).named(HISTORY).find({"subject": written.id}, sort=[("version", 1)])
    assert [line["version"] for line in lines] == [1, 2, 3]


async def everything_is_in(there: Scene, model: Model) -> bool:
    return sum((await there.store(model).positions.all()).values()) == there.sent


async def figures_are_right(there: Scene, model: Model) -> None:
    """Each event has its line, and the added figure counts the open concerns of every category."""
    content = await there.content(model)
    assert len(content[HISTORY]) == there.sent
    counted: dict[str, int] = {}
    for bucket in content[FIGURES]:
        for name, number in bucket["counts"].items():
            if figure_of(name)[:2] == ("concerns", "open_by_category"):
                counted[figure_of(name)[2]] = counted.get(figure_of(name)[2], 0) + number
    still_open: dict[str, int] = {}
    for concern in content["concerns"]:
        if not concern.get("erased_at") and not concern.get("sensitive") and concern["status"] in {"raised", "in_progress"}:
            still_open[str(concern.get("category"))] = still_open.get(str(concern.get("category")), 0) + 1
    assert counted == still_open
