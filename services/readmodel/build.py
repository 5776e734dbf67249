"""One build, from its first event to the swap and a little beyond.

Every step can be done again, and costs little where it was done: whoever goes on with a build begins at the first step.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from aiokafka import TopicPartition

from chassis.batch import Batch
from chassis.positions import LostPartition
from chassis.recording import stored_id
from chassis.runtime import Runtime
from readmodel.builder import Builder, Dropped, Watch, building
from readmodel.model import Model, Phase, Wanted
from readmodel.parts import Parts
from readmodel.progress import Progress
from readmodel.projector import HANDOVER_SECONDS
from readmodel.store import Store
from readmodel.verifying import compare, recount

log = structlog.get_logger()
CARRY_ON_SECONDS: Final = HANDOVER_SECONDS + 8.0
"""How long whoever built a model carries it on once it is live: until every process has joined in, at the latest."""
PAUSE_SECONDS: Final = 0.05
"""Between two looks for what came."""
GoesOn = Callable[[], bool]


async def build(runtime: Runtime, own: Parts, wanted: Wanted, goes_on: GoesOn) -> None:
    """Build a model beside the live one, verify it, and swap.

    Raises:
        Differs, Unfit: it is not what it should be.
        Dropped: it is not wanted any more, or not of this process.
    """
    store = Store(runtime.mongo, runtime.keys, wanted.model)
    log.info("rebuild_begins", model=str(wanted.model), live=str(own.store.model))
    await store.create()
    # Before the first event: later, it would be a long step of which nobody can tell how far it is, and it takes as long in all.
    await store.index()
    watch = Watch(goes_on, announcing(own), own.store, wanted.accepts)
    async with building(runtime, store, watch) as builder:
        async with Progress(own.live.models, builder) as progress:
            await progress.reach_the_end()
            await progress.enter(Phase.VERIFYING)
            await _verify(runtime, own.store, builder, wanted)
            await progress.enter(Phase.SWAPPING)
            await progress.reach_the_end()
            await _swap(own, wanted, goes_on)
        await carry_on(builder, CARRY_ON_SECONDS)


async def go_on(runtime: Runtime, own: Parts, live: Model, seconds: float, goes_on: GoesOn) -> None:
    """Carry a model on that has just become live: the process that built it may have ended."""
    store = Store(runtime.mongo, runtime.keys, live)
    async with building(runtime, store, Watch(goes_on, announcing(own), store, accepts=True)) as builder:
        await carry_on(builder, seconds)


async def _verify(runtime: Runtime, live: Store, builder: Builder, wanted: Wanted) -> None:
    forces = list(runtime.registry.forces)
    if live.model.projection == wanted.model.projection and not wanted.accepts:
        await compare(runtime.mongo, builder, live, forces)
    await recount(builder.store, forces)


async def _swap(own: Parts, wanted: Wanted, goes_on: GoesOn) -> None:
    old = own.store.model
    if not goes_on() or not await own.live.models.swap(old, wanted.model):
        raise Dropped
    log.info("rebuild_swapped", model=str(wanted.model), was=str(old))
    await own.live.look()


def announcing(own: Parts) -> Callable[[Batch], None]:
    """Tells those who wait for a record of each batch; until the model is live, they look and find nothing new."""

    def committed(batch: Batch) -> None:
        own.arrivals.announce({stored_id(event.message.force, event.message.subject) for event in batch.events})

    return committed


async def carry_on(builder: Builder, seconds: float) -> None:
    """Go on with a model that has become live, until whoever serves it does so; what they have taken up is left to them."""
    clock = asyncio.get_running_loop()
    end, taken = clock.time() + seconds, set[TopicPartition]()
    while clock.time() < end and builder.goes_on():
        ends = await builder.ends()
        for partition in ends.keys() - taken:
            try:
                await builder.reach({partition: ends[partition]})
            except LostPartition:
                taken.add(partition)
        await asyncio.sleep(PAUSE_SECONDS)
