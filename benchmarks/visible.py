"""From 201 to visible in the read model at 50 a second, beside what cannot be done without: an acknowledged send and a transaction."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks.figures import Figure, at_most
from benchmarks.ground import Ground
from benchmarks.load import Line, lines, request
from benchmarks.measuring import Contender, Measured, percentile, take_turns
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
Work = Callable[[], Awaitable[float]]
"""Something that is done once, and the seconds that count of it."""
OURS, BARE = "201 to read model", "produce with acknowledgement, then a transaction"


async def run(ground: Ground) -> list[Figure]:
    """p99 of what a reader waits for."""
    count = ground.size(1_000, 150)
    async with served(ground) as (_, pairs), _bare(ground) as bare:
        await open_loop(pairs, PER_SECOND)
        contenders = [Contender(OURS, partial(open_loop, pairs, count)), Contender(BARE, partial(open_loop, [bare] * CONNECTIONS, count))]
        found = await take_turns(contenders, ground.rounds, ground.tell)
    aims = {"p50": None, "p99": at_most(3)}
    return [
        Figure("visible", f"201 to read model at 50 a second, {value}", "ms", found.sample(OURS, value), found.sample(BARE, value), aim)
        for value, aim in aims.items()
    ]


@asynccontextmanager
async def served(ground: Ground) -> AsyncIterator[tuple[Mapping[str, Service], list[Work]]]:
    """All services, and pairs of a writer and a reader who waits for what was written: each takes one at a time.

    They stand on databases of their own: what other comparisons have left in the topics of their forces would be read first.
    """
    ground = ground.fresh()
    force = ground.new_force()
    with ground.services(*NAMES) as services:
        async with lines(services["concerns"].url, CONNECTIONS) as writers, lines(services["readmodel"].url, CONNECTIONS) as readers:
            token = ground.token(f"{force}:recorder,reader")
            yield services, [partial(_seen, writer, reader, token, force) for writer, reader in zip(writers, readers, strict=True)]


async def open_loop(workers: Sequence[Work], count: int) -> Measured:
    """Begin a piece of work every 20 ms, whatever became of those before; each worker does one at a time."""
    free: asyncio.Queue[Work] = asyncio.Queue()
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
    seen = await reader.ask(request("GET", f"/v1/concerns/{subject}?min_version=1&wait=10s", token))
    if (written.status, seen.status) != (201, 200):
        raise RuntimeError(written, seen)
    return time.perf_counter() - begun


@asynccontextmanager
async def _bare(ground: Ground) -> AsyncIterator[Work]:
    """An acknowledged send, then a transaction: what no chain can do without."""
    force = ground.new_force()
    async with ground.runtime("concerns") as runtime:
        sender = producer(runtime.settings)
        await sender.start()
        yield partial(_sent_and_committed, runtime, force, sender.send_and_wait)
        await sender.stop()


async def _sent_and_committed(runtime: Runtime, force: str, send: Callable[..., Awaitable[object]]) -> float:
    message = sealed(concern_raised(force), new_key(runtime.keys, force))
    key, value, headers = encode(message)
    begun = time.perf_counter()
    await send(topic(force), value=value, key=key, headers=headers)

    async def body(tx: Tx) -> None:
        await runtime.mongo.collection("concerns", "bare").insert_one({"_id": message.id, **message.data}, tx=tx)

    await runtime.mongo.transaction(body)
    return time.perf_counter() - begun
