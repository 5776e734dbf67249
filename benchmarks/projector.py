"""The projector: from the log to the committed read model, beside a plain loop that writes the same documents."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import islice
from typing import Final

from aiokafka import AIOKafkaProducer

from benchmarks.figures import Figure, at_least
from benchmarks.ground import Ground, until
from benchmarks.measuring import Contender, Measured, take_turns
from benchmarks.messages import many
from benchmarks.pace import Pace
from benchmarks.plain_projector import project_plainly
from chassis.batch import Batch
from chassis.consumer import consume
from chassis.kafka import producer
from chassis.runtime import Runtime
from contracts.codec import Message, encode
from contracts.topics import topic
from readmodel import parts
from readmodel.projector import Projector

CHUNK: Final = 20_000
"""So many events at most wait in the client while a topic is filled."""
OURS, PLAIN = "projector", "one partition after the other, replacing with upsert"
Project = Callable[[Ground, Runtime, str, Pace], Awaitable[None]]


async def run(ground: Ground) -> list[Figure]:
    """Events per second of a log that is read from its beginning: of new aggregates, and of four versions of each."""
    found = []
    for versions, name in ((1, "projector, new aggregates"), (4, "projector, four versions of each")):
        count = ground.size(30_000, 10_000)
        force = await filled(ground, count, versions)
        contenders = [
            Contender(each, partial(_measured, ground, force, count, how)) for each, how in ((OURS, _ours), (PLAIN, project_plainly))
        ]
        measured = await take_turns(contenders, ground.rounds, ground.tell)
        ours, plain = measured.sample(OURS, "per_second"), measured.sample(PLAIN, "per_second")
        found.append(Figure("projector", name, "/s", ours, plain, at_least(1.3)))
        used, plainly = measured.processor(OURS), measured.processor(PLAIN)
        found.append(Figure("projector", f"{name}: processor time for an event", "µs", used, plainly, None))
    return found


async def filled(ground: Ground, count: int, versions: int) -> str:
    """A force whose topic holds so many events; the read model can open what they say."""
    force = ground.new_force()
    async with ground.runtime("concerns") as runtime:
        sender = producer(runtime.settings)
        await sender.start()
        messages = many(force, await runtime.keys.create("concerns", force, "benchmark"), count, versions)
        while chunk := list(islice(messages, CHUNK)):
            await asyncio.gather(*[await _sent(sender, message) for message in chunk])
        await sender.stop()
    return force


async def _sent(sender: AIOKafkaProducer, message: Message) -> Awaitable[object]:
    key, value, headers = encode(message)
    acknowledged: Awaitable[object] = await sender.send(topic(message.force), value=value, key=key, headers=headers)
    return acknowledged


async def _measured(ground: Ground, force: str, count: int, project: Project) -> Measured:
    """Project the whole topic into databases that are new; what comes before the first commit is not measured."""
    fresh = ground.fresh()
    fresh.register(force)
    async with fresh.runtime("readmodel") as runtime:
        await parts.setup(runtime)
        pace = Pace(ground.engines, count)
        await project(fresh, runtime, force, pace)
        if (there := await parts.parts(runtime).store.history.count({})) != count:
            message = f"{there} of {count} events were projected"
            raise RuntimeError(message)
    return pace.measured()


async def _ours(_: Ground, runtime: Runtime, __: str, pace: Pace) -> None:
    def committed(batch: Batch) -> None:
        pace.committed(len(batch.events))

    store = parts.parts(runtime).store
    projecting = asyncio.create_task(consume(runtime, Projector(store), positions=store.positions, committed=committed))
    await until(pace.is_over)
    runtime.stopping.set()
    await projecting
