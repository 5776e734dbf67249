"""A rebuild while the API is under load, of which the process that builds is killed three times: how long, and what readers notice."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from benchmarks.figures import Figure, at_most
from benchmarks.ground import Ground, until
from benchmarks.measuring import Sample, percentile
from benchmarks.projector import filled
from benchmarks.readers import Asked, asking
from benchmarks.rebuilding import Rebuild, projected
from readmodel.model import Phase, Standing
from roundtable.native.processes import stop_all
from roundtable.native.services import Service

BEFORE_SECONDS: Final = 30
DEATH_SECONDS: Final = 5
BEGINS: Final = '"rebuild_begins"'
"""What a process says in its log when it takes a build up, be it begun or not."""


async def run(ground: Ground) -> list[Figure]:
    """The whole rebuild, and the p95 of queries during it beside that before it."""
    every = ground.size(1_000_000, 20_000)
    force = await filled(ground, every, 4)
    token = ground.token(f"{force}:reader,recorder")
    with ground.services("concerns") as services, _replicas(ground) as replicas:
        await until(partial(_is_projected, ground, every), within=1_800)
        load = partial(asking, token, force, [replica.url for replica in replicas], services["concerns"].url)
        async with load() as before:
            await asyncio.sleep(BEFORE_SECONDS)
        killer, rebuild = Killer(replicas, every // 3), Rebuild()
        async with load() as during:
            await rebuild.follow(ground, lambda: killer.builder.child.pid, killer.look)
    if before.refused or during.refused:
        raise RuntimeError({*before.refused, *during.refused})
    ground.tell(f"killed: {killer.killed}; {len(during.every)} answers and {during.written} concerns raised meanwhile")
    return _figures(f"rebuild under load, killed {len(killer.killed)} times", rebuild, before, during)


def _figures(name: str, rebuild: Rebuild, before: Asked, during: Asked) -> list[Figure]:
    about, most = "rebuild-under-load", Sample("building", [float(max(rebuild.course.resident))])
    return [
        Figure(about, f"{name}: all of it", "s", Sample("from its first phase to the swap", [rebuild.seconds]), None, None),
        Figure(about, f"{name}: building", "/s", Sample("building", [rebuild.course.per_second]), None, None),
        Figure(about, f"{name}: lists, p95", "ms", _p95("during", during, "concerns"), _p95("before", before, "concerns"), None),
        Figure(about, f"{name}: figures, p95", "ms", _p95("during", during, "summary"), _p95("before", before, "summary"), None),
        Figure(about, f"{name}: most memory", "MB", most, None, at_most(250)),
    ]


def _p95(name: str, asked: Asked, what: str) -> Sample:
    return Sample(name, [percentile([each for page, took in asked.took.items() if what in page for each in took], 95)])


async def _is_projected(ground: Ground, every: int) -> bool:
    await asyncio.sleep(0.2)
    return projected(ground, None) >= every


@contextmanager
def _replicas(ground: Ground) -> Iterator[list[Service]]:
    """Two processes of the read model."""
    replicas = [ground.start("readmodel", number=number) for number in (1, 2)]
    try:
        for replica in replicas:
            replica.await_ready()
        yield replicas
    finally:
        stop_all([replica.child for replica in replicas])


class Killer:
    """Kills whoever builds, once in each phase, and starts it again."""

    def __init__(self, replicas: list[Service], after: int) -> None:
        self._replicas = replicas
        self._due: dict[Phase, int] = {Phase.BUILDING: after, Phase.VERIFYING: 0, Phase.SWAPPING: 0}
        self.killed: list[str] = []

    def look(self, now: Standing) -> None:
        """Kill, when the time has come."""
        wanted = now.wanted
        if wanted is None or wanted.phase is None or wanted.done < self._due.get(wanted.phase, wanted.done + 1):
            return
        del self._due[wanted.phase]
        victim = self.builder.child
        os.kill(victim.pid, signal.SIGKILL)
        victim.await_end(time.monotonic() + DEATH_SECONDS)
        victim.restart()
        self.killed.append(f"{wanted.phase} at {wanted.done:,}")

    @property
    def builder(self) -> Service:
        """Who took the build up last."""
        return max(self._replicas, key=_last_begun)


def _last_begun(service: Service) -> str:
    lines = service.child.command.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return max((json.loads(line)["time"] for line in lines if BEGINS in line), default="")
