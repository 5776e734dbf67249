"""The relay: pending → Kafka → published. It knows nothing of what it carries."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from chassis import metrics
from chassis.backlog import Backlog
from chassis.kafka import LARGEST_RECORD, REQUEST_SECONDS, producer, stop
from chassis.lease import LEASE_MILLISECONDS, Lease
from chassis.mongo import Document, Unavailable
from chassis.outbox import Outbox
from chassis.parcels import parcelled
from chassis.runtime import Runtime
from contracts.topics import topic

log = structlog.get_logger()
POLL_SECONDS: Final = 0.05
"""How soon a commit of another process is seen; one of this process wakes the relay at once."""
BACK_OFF_SECONDS: Final = (1.0, 3.0, 10.0, 30.0)
"""How long a force is left out whose topic does not take events, so that it does not hold the others up."""
RETIRE_SECONDS: Final = 2.0
OF_THE_TOPIC: Final = (UnknownTopicOrPartitionError, TopicAuthorizationFailedError, MessageSizeTooLargeError)
"""Failures that say nothing against the producer."""


async def relay(runtime: Runtime) -> None:
    """Carry the service's outbox to Kafka until the service stops; one process of the service does so at a time.

    Without Kafka the service goes on: what is recorded waits in the outbox.
    """
    await Relay(runtime).run()


class Relay:
    """One process's turn at carrying an outbox."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._outbox = Outbox(runtime.mongo, runtime.name)
        self._backlog = Backlog(self._outbox)
        self._lease = Lease(runtime.mongo, runtime.name, "relay")
        self._held_until = 0.0
        self._producer: AIOKafkaProducer | None = None
        self._waiting: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Carry until the service stops, then let the lease go."""
        measuring = asyncio.create_task(self._measure())
        try:
            while not self._runtime.stopping.is_set():
                await self._turn()
        finally:
            for task in (measuring, *self._retiring):
                task.cancel()
            await self._backlog.forget()
            await self._drop_producer()
            await self._give_up_lease()

    async def _turn(self) -> None:
        self._runtime.recorded.clear()
        try:
            carried = await self._holds_lease() and await self._carry()
        except Unavailable as error:
            log.warning("relay_waits_for_mongo", why=str(error)[:200])
            carried = False
        if not carried:
            await self._backlog.forget()
            await self._wait()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._runtime.recorded.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    async def _holds_lease(self) -> bool:
        """Renew at a third of the lease, so that a slow pass does not outlive it."""
        now = asyncio.get_running_loop().time()
        if now >= self._held_until:
            if not await self._lease.hold():
                return False
            self._held_until = now + LEASE_MILLISECONDS / 3000
        return True

    async def _carry(self) -> bool:
        """Send one batch and have marked what Kafka acknowledged; whether anything was carried."""
        now = asyncio.get_running_loop().time()
        self._waiting = {force: until for force, until in self._waiting.items() if until > now}
        records = await self._backlog.take(self._waiting)
        if not records:
            return False
        acknowledged = await self._send(records)
        await self._backlog.mark(acknowledged)
        self._retire([record["supersedes"] for record in acknowledged if record["supersedes"]])
        for (kind, force), count in Counter((record["type"], record["force"]) for record in acknowledged).items():
            metrics.events_published_total.labels(type=kind, force=force).inc(count)
        return bool(acknowledged)

    async def _send(self, records: Sequence[Document]) -> list[Document]:
        """Send each force's records in their order, all forces at once; those that Kafka acknowledged."""
        client = await self._started()
        by_force: dict[str, list[Document]] = defaultdict(list)
        for record in records:
            by_force[record["force"]].append(record)
        if client is None:
            self._leave_out(by_force)
            return []
        sent = await asyncio.gather(*(self._send_force(client, force, own) for force, own in by_force.items()))
        return [record for own in sent for record in own]

    async def _send_force(self, client: AIOKafkaProducer, force: str, records: list[Document]) -> list[Document]:
        acknowledged: list[Document] = []
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                partitions = len(await client.partitions_for(topic(force)))
                parcels = parcelled(client, records, partitions, LARGEST_RECORD)
                sending = [await client.send_batch(parcel.batch, topic(force), partition=parcel.partition) for parcel in parcels]
                for parcel, acknowledgement in zip(parcels, sending, strict=True):
                    await acknowledgement
                    acknowledged += parcel.records
            if len(acknowledged) < len(records):
                # As if Kafka had refused it. Nothing that comes after it is sent, so that no later version overtakes it.
                raise MessageSizeTooLargeError
        except (KafkaError, TimeoutError) as error:
            log.warning("kafka_does_not_take_events", force=force, why=type(error).__name__, records=len(records) - len(acknowledged))
            self._leave_out([force])
            if not isinstance(error, OF_THE_TOPIC):
                # An idempotent producer that failed once may refuse everything after it: only a new one is sure to work.
                await self._drop_producer()
        else:
            self._failures.pop(force, None)
        return acknowledged

    async def _started(self) -> AIOKafkaProducer | None:
        if self._producer is None:
            fresh = producer(self._runtime.settings)
            try:
                await asyncio.wait_for(fresh.start(), REQUEST_SECONDS)
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("kafka_away", why=type(error).__name__)
                await stop(fresh)
                return None
            self._producer = fresh
        return self._producer

    async def _drop_producer(self) -> None:
        dropped, self._producer = self._producer, None
        if dropped is not None:
            await stop(dropped)

    async def _give_up_lease(self) -> None:
        try:
            await self._lease.release()
        except Unavailable:
            # It runs out by itself.
            return

    def _leave_out(self, forces: Iterable[str]) -> None:
        now = asyncio.get_running_loop().time()
        for force in forces:
            failed = self._failures.get(force, 0)
            self._failures[force] = failed + 1
            self._waiting[force] = now + BACK_OFF_SECONDS[min(failed, len(BACK_OFF_SECONDS) - 1)]

    def _retire(self, kids: list[str]) -> None:
        """Destroy data keys that amendments took out of use, a little after the amendments went to Kafka.

        Until then whoever reads the version before can open it. What is not destroyed when the process ends, the sweep of
        orphans destroys.
        """
        if kids:
            retiring = asyncio.create_task(self._destroy(kids))
            self._retiring.add(retiring)
            retiring.add_done_callback(self._retiring.discard)

    async def _destroy(self, kids: list[str]) -> None:
        await asyncio.sleep(RETIRE_SECONDS)
        try:
            for kid in kids:
                await self._runtime.keys.destroy(kid)
        except Unavailable as error:
            log.warning("keys_are_left_to_the_sweep", why=str(error)[:200])

    async def _measure(self) -> None:
        while True:
            try:
                depth = await self._outbox.depth()
            except Unavailable:
                depth = None
            if depth is not None:
                metrics.outbox_pending.set(sum(count for _, count, _ in depth))
                metrics.outbox_oldest_seconds.set(max((age for _, _, age in depth), default=0.0))
            await asyncio.sleep(2)
