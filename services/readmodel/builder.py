"""The builder: projects the log into a model beside the live one, from its own positions, as far as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis import metrics
from chassis.batch import BATCH, Batch, Committed
from chassis.committing import Committer
from chassis.consumer import AT_ONCE
from chassis.kafka import REQUEST_SECONDS, consumer, stop
from chassis.mongo import Tx
from chassis.parked import parked_id
from chassis.redrive import Redriver
from chassis.runtime import Runtime
from chassis.waits import all_of, within
from contracts.topics import topic
from readmodel.projector import Projector
from readmodel.store import Store

POLL_MILLISECONDS: Final = 500
Ends = Mapping[TopicPartition, int]
"""For each partition, the offset up to which to project; the event there is not."""


class Unfit(Exception):  # noqa: N818 - what is said to the operator
    """An event that the live model holds cannot be projected into the new one."""


class TooEarly(Exception):  # noqa: N818 - a signal: the same may be said later with certainty
    """An event cannot be projected, and whether the live model can hold it is not known yet."""


class Dropped(Exception):  # noqa: N818 - a signal: whoever wanted the model does not want it any more
    """The build is no longer this process's business."""


@dataclass(frozen=True)
class Watch:
    """What goes with a build.

    Attributes:
        goes_on: whether the model is still to be built by this process.
        committed: told of each batch.
        live: the live model, which holds every event but those that are parked.
        accepts: whether an event may be parked that the live model holds.
    """

    goes_on: Callable[[], bool]
    committed: Committed
    live: Store
    accepts: bool = False


class Builder:
    """One process's work on one model. Who else works on it cannot repeat or lose anything: positions move by compare-and-set.

    Args:
        runtime: the service.
        client: a consumer without a group, that reads the whole log.
        store: the model.
        watch: who wants to know of it, and whether it goes on.
    """

    def __init__(self, runtime: Runtime, client: AIOKafkaConsumer, store: Store, watch: Watch) -> None:
        self.store = store
        self._runtime = runtime
        self._client = client
        self._watch = watch
        self._slots = asyncio.Semaphore(AT_ONCE)
        projector = Projector(store)
        self._committer = Committer(projector, store.positions, self._note, self._park)
        self._redriver = Redriver(projector, store.positions, self._note)

    @property
    def at(self) -> Ends:
        """Where the model stands in each partition that was taken up."""
        return self._committer.at

    def goes_on(self) -> bool:
        """Whether the model is still this process's business."""
        return self._watch.goes_on()

    async def ends(self) -> Ends:
        """Where the log ends now, in every partition of every registered force."""
        known = self._runtime.registry.partitions
        every = [TopicPartition(topic(force), number) for force, count in known.items() for number in range(count)]
        found: Ends = await within(REQUEST_SECONDS, self._client.end_offsets(every)) if every else {}
        return found

    async def reach(self, ends: Ends) -> None:
        """Project exactly up to these offsets; a partition that is there or further stays as it is.

        Raises:
            Dropped: the model is not to be built any more.
            LostPartition: another process moves a position.
            KafkaError, Unavailable: an engine is away; the positions say where to go on.
        """
        await self._take_up(ends)
        await all_of(*(self._reach(partition, end) for partition, end in ends.items() if self.at[partition] < end))

    async def _take_up(self, ends: Ends) -> None:
        """Take up new partitions. Each rests until its turn, so that no more of the log is in memory than is worked on."""
        fresh = ends.keys() - self.at.keys()
        if not fresh:
            return
        self._client.assign(sorted({*fresh, *self.at}))
        self._client.pause(*self._client.assignment())
        for partition in fresh:
            self._committer.at[partition] = await self._committer.take_up(partition)
        for partition, offset in self.at.items():
            self._client.seek(partition, offset)

    async def _reach(self, partition: TopicPartition, end: int) -> None:
        async with self._slots:
            self._client.resume(partition)
            while self.at[partition] < end:
                await self._step(partition, end)
            self._client.pause(partition)

    async def _step(self, partition: TopicPartition, end: int) -> None:
        if not self.goes_on():
            raise Dropped
        polled = (await self._client.getmany(partition, timeout_ms=POLL_MILLISECONDS, max_records=BATCH)).get(partition, [])
        records = [record for record in polled if record.offset < end]
        if records:
            await self._committer.handle(partition, records)
        if len(records) < len(polled):
            self._client.seek(partition, self.at[partition])

    async def settle(self, force: str, parked: set[str]) -> None:
        """Deal with what is parked here and not in the live model any more: an operator redrove or discarded it meanwhile.

        Args:
            force: whose events.
            parked: those of the force that the live model holds parked.
        """
        dealt_with = await self.store.parked.ids({"force": force}) - parked
        await self._redriver.deal_with(dealt_with, "rebuild", "the live model does not hold it parked any more")

    def _note(self, batch: Batch) -> None:
        metrics.rebuild_events_total.inc(len(batch.events))
        self._watch.committed(batch)

    async def _park(self, partition: TopicPartition, record: Any, why: Exception, tx: Tx) -> None:  # noqa: ANN401 - aiokafka has no types
        """Park what the live model holds parked too, and pass over what an operator gave up; nothing else is left out by itself."""
        place, live = parked_id(partition, record), self._watch.live
        if self._watch.accepts or await live.parked.ids(live.parked.named([place])):
            await self.store.parked.park(partition, record, why, tx)
        elif await live.parked.given_up({"parked": place}):
            return
        elif (await live.positions.all()).get(partition, 0) <= record.offset:
            raise TooEarly(place)
        else:
            message = f"the event at {place} cannot be projected ({type(why).__name__}), and the live model holds it"
            raise Unfit(message)


@asynccontextmanager
async def building(runtime: Runtime, store: Store, watch: Watch) -> AsyncIterator[Builder]:
    """A builder that is connected to the log."""
    # Partitions rest until their turn, and are left out of the fetch under way: none may wait long.
    client = consumer(runtime.settings, kind=AIOKafkaConsumer)
    try:
        await within(REQUEST_SECONDS * 2, client.start())
        yield Builder(runtime, client, store, watch)
    finally:
        await stop(client)
