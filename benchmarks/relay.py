"""The relay: from the outbox to Kafka's acknowledgement, beside a plain loop: find 500, send one by one, mark."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from aiokafka import AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

from benchmarks.figures import Figure, at_least
from benchmarks.ground import Ground, until
from benchmarks.measuring import Contender, Measured, Rounds, Sample, percentile, take_turns
from benchmarks.messages import concern_raised, many, new_key
from benchmarks.processor import Processor
from chassis.kafka import producer
from chassis.mongo import Document
from chassis.outbox import PENDING, PUBLISHED, Outbox, message_of, pending
from chassis.recording import Draft, recorder
from chassis.relay import POLL_SECONDS, Relay
from chassis.runtime import Runtime
from concerns import store
from contracts.codec import encode
from contracts.topics import topic

RELAY, PLAIN = "relay", "find 500, send one by one, mark"
PLAIN_BATCH: Final = 500
COMMITS_PER_SECOND: Final = 100
Drain = Callable[[Runtime], Awaitable[None]]
Way = TypeVar("Way")


async def run(ground: Ground) -> list[Figure]:
    """Events per second of a backlog that is drained."""
    count = ground.size(30_000, 10_000)
    found = await _compared(ground, partial(_drained, ground, count), _relayed, partial(_plainly, ground))
    per_second = {each: found.sample(each, "per_second") for each in found.measured}
    return [
        Figure("relay", "relay, a backlog", "/s", per_second[RELAY], per_second[PLAIN], at_least(1.3)),
        Figure("relay", "relay: processor time for an event", "µs", found.processor(RELAY), found.processor(PLAIN), None),
        *await _latencies(ground),
    ]


async def _latencies(ground: Ground) -> list[Figure]:
    """From a commit to Kafka's acknowledgement, a commit every 10 ms."""
    count = ground.size(1_000, 200)
    found = await _compared(ground, partial(_delays, ground, count), NotingRelay, partial(PlainRelay, ground))
    return [
        Figure("relay", f"commit to acknowledgement at {COMMITS_PER_SECOND} a second, {name}", "ms", *_both(found, name), None)
        for name in ("p50", "p99")
    ]


async def _compared(ground: Ground, measure: Callable[[Way], Awaitable[Measured]], relay: Way, plain: Way) -> Rounds:
    """The relay beside the plain loop, each measured in the same way."""
    contenders = [Contender(RELAY, partial(measure, relay)), Contender(PLAIN, partial(measure, plain))]
    return await take_turns(contenders, ground.rounds, ground.tell)


def _both(found: Rounds, value: str) -> tuple[Sample, Sample]:
    return found.sample(RELAY, value), found.sample(PLAIN, value)


class Noting(Protocol):
    """Carries an outbox, and notes when each event was acknowledged."""

    acknowledged: dict[str, float]

    async def run(self) -> None:
        """Carry until the service stops."""


class NotingRelay(Relay):
    """The relay, which notes when each event was acknowledged."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.acknowledged: dict[str, float] = {}

    async def _send(self, records: Sequence[Document]) -> list[Document]:
        sent = await super()._send(records)
        self.acknowledged |= dict.fromkeys([record["subject"] for record in sent], time.perf_counter())
        return sent


class PlainRelay:
    """The plain loop, which looks every 50 ms."""

    def __init__(self, ground: Ground, runtime: Runtime) -> None:
        self._ground = ground
        self._runtime = runtime
        self.acknowledged: dict[str, float] = {}

    async def run(self) -> None:
        """Carry until the service stops."""
        url = self._ground.engines.mongo_url("concerns")
        client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(url, w="majority", readConcernLevel="majority", tz_aware=True)
        async with _sending(self._runtime) as sender:
            while not self._runtime.stopping.is_set():
                if not await _carried(client[f"{self._ground.prefix}concerns"]["outbox"], sender, self._note):
                    await asyncio.sleep(POLL_SECONDS)
        client.close()

    def _note(self, records: Sequence[Document]) -> None:
        self.acknowledged |= dict.fromkeys([record["subject"] for record in records], time.perf_counter())


async def _delays(ground: Ground, count: int, carrier: Callable[[Runtime], Noting]) -> Measured:
    force, committed = ground.new_force(), {}
    async with ground.runtime("concerns") as runtime:
        await store.setup(runtime)
        carrying = carrier(runtime)
        working = asyncio.create_task(carrying.run())

        async def record(number: int) -> None:
            await asyncio.sleep(number / COMMITS_PER_SECOND)
            (state,) = await recorder(runtime).record([Draft(concern_raised(force), None)], runtime.now())
            committed[state.id] = time.perf_counter()
            runtime.recorded.set()

        await asyncio.gather(*(record(number) for number in range(count)))
        await until(lambda: _all_in(carrying.acknowledged, committed))
        runtime.stopping.set()
        await working
    delays = [max(0.0, carrying.acknowledged[subject] - at) for subject, at in committed.items()]
    return {"p50": percentile(delays, 50), "p99": percentile(delays, 99)}


async def _all_in(found: Container[str], wanted: Iterable[str]) -> bool:
    return all(each in found for each in wanted)


async def _drained(ground: Ground, count: int, drain: Drain) -> Measured:
    force = ground.new_force()
    async with ground.runtime("concerns") as runtime:
        outbox = Outbox(runtime.mongo, "concerns")
        await runtime.mongo.collection("concerns", "outbox").delete_many({})
        await outbox.indexes()
        await outbox.records.insert_many([pending(message) for message in many(force, new_key(runtime.keys, force), count)])
        begun, processor = time.perf_counter(), Processor(ground.engines)
        await drain(runtime)
        took, used = time.perf_counter() - begun, processor.per_piece(count)
        if await outbox.records.count({"status": PUBLISHED}) != count:
            message = "some events were not carried"
            raise RuntimeError(message)
    return {"per_second": count / took} | used


async def _relayed(runtime: Runtime) -> None:
    outbox = Outbox(runtime.mongo, "concerns")

    async def is_drained() -> bool:
        return not await outbox.take(1)

    relaying = asyncio.create_task(Relay(runtime).run())
    await until(is_drained)
    runtime.stopping.set()
    await relaying


async def _plainly(ground: Ground, runtime: Runtime, note: Callable[[Sequence[Document]], None] = lambda _: None) -> None:
    """The loop that everyone writes first; the same producer, the same order, the same marks. Ends when nothing waits."""
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        ground.engines.mongo_url("concerns"), w="majority", readConcernLevel="majority", tz_aware=True
    )
    outbox = client[f"{ground.prefix}concerns"]["outbox"]
    async with _sending(runtime) as sender:
        while await _carried(outbox, sender, note):
            pass
    client.close()


async def _carried(outbox: Any, sender: AIOKafkaProducer, note: Callable[[Sequence[Document]], None]) -> bool:  # noqa: ANN401 - Motor's
    records = await outbox.find({"status": PENDING}).sort([("subject", 1), ("version", 1)]).limit(PLAIN_BATCH).to_list(None)
    sent = []
    for record in records:
        key, value, headers = encode(message_of(record))
        sent.append(await sender.send(topic(record["force"]), value=value, key=key, headers=headers))
    await asyncio.gather(*sent)
    note(records)
    done = {"$set": {"status": PUBLISHED, "published_at": datetime.now(UTC)}}
    await outbox.update_many({"_id": {"$in": [record["_id"] for record in records]}}, done)
    return bool(records)


@asynccontextmanager
async def _sending(runtime: Runtime) -> AsyncIterator[AIOKafkaProducer]:
    sender = producer(runtime.settings)
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()
