"""The relay: from the outbox to Kafka's acknowledgement, beside a plain loop: find 500, send one by one, mark."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

from benchmarks.figures import Figure, at_least
from benchmarks.ground import Ground, until
from benchmarks.measuring import Contender, Measured, take_turns
from benchmarks.messages import many, new_key
from benchmarks.processor import Processor
from chassis.kafka import producer
from chassis.outbox import PENDING, PUBLISHED, Outbox, message_of, pending
from chassis.relay import Relay
from chassis.runtime import Runtime
from contracts.codec import encode
from contracts.topics import topic

RELAY, PLAIN = "relay", "find 500, send one by one, mark"
PLAIN_BATCH: Final = 500
Drain = Callable[[Runtime], Awaitable[None]]


async def run(ground: Ground) -> list[Figure]:
    """Events per second of a backlog that is drained."""
    count = ground.size(30_000, 10_000)
    contenders = [
        Contender(RELAY, partial(_drained, ground, count, _relayed)),
        Contender(PLAIN, partial(_drained, ground, count, partial(_plainly, ground))),
    ]
    found = await take_turns(contenders, ground.rounds, ground.tell)
    per_second = {each: found.sample(each, "per_second") for each in found.measured}
    return [Figure("relay", "relay, a backlog", "/s", per_second[RELAY], per_second[PLAIN], at_least(1.3))]


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


async def _plainly(ground: Ground, runtime: Runtime) -> None:
    """The loop that everyone writes first; the same producer, the same order, the same marks."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        ground.engines.mongo_url("concerns"), w="majority", readConcernLevel="majority", tz_aware=True
    )
    outbox = client[f"{ground.prefix}concerns"]["outbox"]
    async with _sending(runtime) as sender:
        while records := await outbox.find({"status": PENDING}).sort([("subject", 1), ("version", 1)]).limit(PLAIN_BATCH).to_list(None):
            sent = []
            for record in records:
                key, value, headers = encode(message_of(record))
                sent.append(await sender.send(topic(record["force"]), value=value, key=key, headers=headers))
            await asyncio.gather(*sent)
            done = {"$set": {"status": PUBLISHED, "published_at": datetime.now(UTC)}}
            await outbox.update_many({"_id": {"$in": [record["_id"] for record in records]}}, done)
    client.close()


@asynccontextmanager
async def _sending(runtime: Runtime) -> AsyncIterator[AIOKafkaProducer]:
    sender = producer(runtime.settings)
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()
