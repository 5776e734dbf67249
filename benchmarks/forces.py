"""Forty-five forces in one process: as fast as one force with as many events, within the same memory."""

import asyncio
import time
from functools import partial

import psutil

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.ground import Ground, until
from benchmarks.measuring import Contender, Measured, take_turns
from benchmarks.projector import filled
from chassis.runtime import Runtime

FORCES = 45
ALL, ONE = f"{FORCES} forces, {FORCES * 3} partitions", "one force, 3 partitions"


async def run(ground: Ground) -> list[Figure]:
    """Events per second of the read model's own process, and its memory."""
    count = ground.size(67_500, 13_500)
    every = [await filled(ground, count // FORCES, 1) for _ in range(FORCES)]
    one = [await filled(ground, count, 1)]
    contenders = [Contender(name, partial(_measured, ground, forces, count)) for name, forces in ((ALL, every), (ONE, one))]
    found = await take_turns(contenders, ground.rounds, ground.tell)
    rates = [found.sample(name, "per_second") for name in (ALL, ONE)]
    return [
        Figure("forces", f"projector, {FORCES} forces in one process", "/s", rates[0], rates[1], at_least(0.8)),
        Figure("memory", f"memory of readmodel with {FORCES} forces", "MB", found.sample(ALL, "memory"), None, at_most(250)),
    ]


async def _measured(ground: Ground, forces: list[str], count: int) -> Measured:
    """Let a read model of its own read the topics from their beginning; what comes before its first commit is not measured."""
    fresh = ground.fresh()
    for force in forces:
        fresh.register(force)
    async with fresh.runtime("readmodel") as runtime:
        with fresh.services("readmodel") as services:
            await until(partial(_reached, runtime, 1))
            begun, before = time.perf_counter(), await _events(runtime)
            await until(partial(_reached, runtime, count))
            took = time.perf_counter() - begun
            memory = psutil.Process(services["readmodel"].child.pid).memory_info().rss
    return {"per_second": (count - before) / took, "memory": float(memory)}


async def _reached(runtime: Runtime, count: int) -> bool:
    await asyncio.sleep(0)
    return await _events(runtime) >= count


async def _events(runtime: Runtime) -> int:
    return sum(int(each["offset"]) for each in await runtime.mongo.collection("readmodel", "positions").find({}))
