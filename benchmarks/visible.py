"""From 201 to visible in the read model at 50 a second, beside what cannot be done without: an acknowledged send and a transaction."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import psutil

from benchmarks.figures import Figure, at_most
from benchmarks.ground import Ground
from benchmarks.load import Line, lines, request
from benchmarks.measuring import Contender, Measured, Sample, percentile, take_turns
from benchmarks.messages import concern_raised, new_key, sealed
from benchmarks.write_path import BODY
from chassis.kafka import producer
from chassis.mongo import Tx
from chassis.runtime import Runtime
from contracts.codec import encode
from contracts.topics import topic
from roundtable.native.services import NAMES, Service

PER_SECOND: Final = 50
CONNECTIONS: Final = 60
OURS, BARE = "201 to read model", "produce with acknowledgement, then a transaction"


async def run(ground: Ground) -> list[Figure]:
    """p99 of what a reader waits for, and the memory of each service after it."""
    force, count = ground.new_force(), ground.size(1_000, 150)
    async with ground.runtime("concerns") as runtime, AsyncExitStack() as stack:
        services = stack.enter_context(ground.services(*NAMES))
        writers = await stack.enter_async_context(lines(services["concerns"].url, CONNECTIONS))
        readers = await stack.enter_async_context(lines(services["readmodel"].url, CONNECTIONS))
        token = ground.token(f"{force}:recorder,reader")
        pairs = [partial(_seen, writer, reader, token, force) for writer, reader in zip(writers, readers, strict=True)]
        sender = producer(runtime.settings)
        await sender.start()
        stack.push_async_callback(sender.stop)
        bare = partial(_bare, runtime, force, sender.send_and_wait)
        await _open_loop(pairs, PER_SECOND)
        contenders = [Contender(OURS, partial(_open_loop, pairs, count)), Contender(BARE, partial(_open_loop, [bare] * CONNECTIONS, count))]
        found = await take_turns(contenders, ground.rounds, ground.tell)
        memory = [_memory(name, service) for name, service in services.items()]
    p99 = {name: found.sample(name, "p99") for name in (OURS, BARE)}
    return [Figure("visible", "201 to read model at 50 a second, p99", "ms", p99[OURS], p99[BARE], at_most(3)), *memory]


async def _open_loop(workers: Sequence[Callable[[], Awaitable[float]]], count: int) -> Measured:
    """Begin a piece of work every 20 ms, whatever became of those before; each worker does one at a time."""
    free: asyncio.Queue[Callable[[], Awaitable[float]]] = asyncio.Queue()
    for worker in workers:
        free.put_nowait(worker)

    async def at(begin: float) -> float:
        await asyncio.sleep(max(0.0, begin - time.perf_counter()))
        worker = await free.get()
        try:
            return await worker()
        finally:
            free.put_nowait(worker)

    begun = time.perf_counter() + 0.1
    seconds = await asyncio.gather(*(at(begun + number / PER_SECOND) for number in range(count)))
    return {"p50": percentile(seconds, 50), "p99": percentile(seconds, 99)}


async def _seen(writer: Line, reader: Line, token: str, force: str) -> float:
    """Seconds from the 201 until a reader who waits for the concern has it."""
    written = await writer.ask(request("POST", f"/v1/forces/{force}/concerns", token, BODY))
    begun = time.perf_counter()
    subject = json.loads(written.body)["id"]
    seen = await reader.ask(request("GET", f"/v1/concerns/{subject}?min_version=1&wait=5s", token))
    if (written.status, seen.status) != (201, 200):
        raise RuntimeError(written, seen)
    return time.perf_counter() - begun


async def _bare(runtime: Runtime, force: str, send: Callable[..., Awaitable[object]]) -> float:
    message = sealed(concern_raised(force), new_key(runtime.keys, force))
    key, value, headers = encode(message)
    begun = time.perf_counter()
    await send(topic(force), value=value, key=key, headers=headers)

    async def body(tx: Tx) -> None:
        await runtime.mongo.collection("concerns", "bare").insert_one({"_id": message.id, **message.data}, tx=tx)

    await runtime.mongo.transaction(body)
    return time.perf_counter() - begun


def _memory(name: str, service: Service) -> Figure:
    used = float(psutil.Process(service.child.pid).memory_info().rss)
    return Figure("memory", f"memory of {name}, after the load", "MB", Sample(name, [used]), None, at_most(250))
