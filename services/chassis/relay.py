"""The relay: pending → Kafka → published. It knows nothing of what it carries."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from chassis import metrics
from chassis.backoff import BackOff
from chassis.health import Unready
from chassis.kafka import LARGEST_RECORD, REQUEST_SECONDS, producer, reachable, stop
from chassis.lease import LEASE_MILLISECONDS, Lease
from chassis.mongo import Document, Unavailable
from chassis.outbox import Outbox
from chassis.parcels import parcelled
from chassis.read_ahead import ReadAhead
from chassis.runtime import Runtime
from chassis.waits import end, together, within
from chassis.watchdog import NoProgress
from contracts.topics import topic

log = structlog.get_logger()
POLL_SECONDS: Final = 0.05
"""How soon a commit of another process is seen; one of this process wakes the relay at once."""
REFUSED_SECONDS: Final = 0.5
"""How soon a process asks again for a lease that another holds: not at each of its own commits."""
FORCE_SECONDS: Final = (0.2, 30.0)
"""How long a force is left out whose topic does not take events, at first and at the longest, so that it does not hold the others up."""
KAFKA_SECONDS: Final = (0.2, 3.0)
"""How long nobody asks for a producer that none was to be had of: no force is held up by asking again soon."""
RETIRE_SECONDS: Final = 2.0
MEASURE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 300.0
"""How long new producers may get nothing to Kafka, though it answers, before the process ends."""
OF_THE_TOPIC: Final = (UnknownTopicOrPartitionError, TopicAuthorizationFailedError, MessageSizeTooLargeError)
"""Failures that say nothing against the producer."""


async def relay(runtime: Runtime) -> None:
    """Carry the service's outbox to Kafka until the service stops; one process of the service does so at a time.

    Without Kafka the service goes on: what is recorded waits in the outbox, up to a limit.

    Raises:
        NoProgress: Kafka answers, and takes nothing from one new producer after another.
    """
    runtime.checks.add("outbox", runtime.backlog.probe, required=False)
    await Relay(runtime).run()


class Relay:
    """One process's turn at carrying an outbox."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._ahead = ReadAhead(Outbox(runtime.mongo, runtime.name))
        self._lease = Lease(runtime.mongo, runtime.name, "relay")
        self._has_lease = False
        self._ask_lease_at = 0.0
        self._producer: AIOKafkaProducer | None = None
        self._forces = BackOff(*FORCE_SECONDS, now=asyncio.get_running_loop().time)
        self._kafka = BackOff(*KAFKA_SECONDS, now=asyncio.get_running_loop().time)
        self._retiring: set[asyncio.Task[None]] = set()
        self._failing_since: float | None = None

    async def run(self) -> None:
        """Carry until the service stops, then let the lease go."""
        try:
            await together(self._turns(), self._measure())
        finally:
            await end(self._retiring)
            await self._ahead.forget()
            await self._drop_producer()
            await self._give_up_lease()

    async def _turns(self) -> None:
        while not self._runtime.stopping.is_set():
            await self._turn()

    async def _turn(self) -> None:
        self._runtime.recorded.clear()
        try:
            carried = await self._holds_lease() and await self._carry()
        except Unavailable as error:
            log.warning("relay_waits_for_mongo", why=str(error)[:200])
            carried = False
        if not carried:
            await self._ahead.forget()
            await self._wait()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._runtime.recorded.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    async def _holds_lease(self) -> bool:
        """Renew at a third of the lease, so that a slow pass does not outlive it; whoever is refused asks again a little later."""
        now = asyncio.get_running_loop().time()
        if now >= self._ask_lease_at:
            self._has_lease = await self._lease.hold()
            self._ask_lease_at = now + (LEASE_MILLISECONDS / 3000 if self._has_lease else REFUSED_SECONDS)
        return self._has_lease

    async def _carry(self) -> bool:
        """Send one batch and have marked what Kafka acknowledged; whether anything was carried."""
        if self._kafka.left_out():
            return False
        records = await self._ahead.take(self._forces.left_out())
        if not records:
            return False
        acknowledged = await self._send(records)
        await self._judge(acknowledged)
        await self._ahead.mark(acknowledged)
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
            return []
        sent = await asyncio.gather(*(self._send_force(client, force, own) for force, own in by_force.items()))
        return [record for own in sent for record in own]

    async def _judge(self, acknowledged: Sequence[Document]) -> None:
        """A producer that fails is made anew; when none of them gets anything through to a Kafka that answers, this process is at fault.

        Raises:
            NoProgress: so it was for too long.
        """
        now = asyncio.get_running_loop().time()
        if acknowledged or self._failing_since is None:
            self._failing_since = None
        elif now - self._failing_since > PATIENCE_SECONDS:
            try:
                await reachable(self._runtime.settings)
            except Unready:
                self._failing_since = None
                return
            message = f"Kafka answers, and took nothing from this process for {PATIENCE_SECONDS:.0f} s"
            raise NoProgress(message)

    def _failed(self) -> None:
        self._failing_since = self._failing_since or asyncio.get_running_loop().time()

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
            self._forces.failed(force)
            if not isinstance(error, OF_THE_TOPIC):
                # An idempotent producer that failed once may refuse everything after it: only a new one is sure to work.
                self._failed()
                await self._drop_producer()
        else:
            self._forces.succeeded(force)
        return acknowledged

    async def _started(self) -> AIOKafkaProducer | None:
        if self._producer is None:
            fresh = producer(self._runtime.settings)
            try:
                await within(REQUEST_SECONDS, fresh.start())
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("kafka_away", why=type(error).__name__)
                self._failed()
                self._kafka.failed("producer")
                await stop(fresh)
                return None
            self._kafka.succeeded("producer")
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
        """Count what waits, in every process: each goes by its own count. A count that takes long is made less often."""
        while True:
            began = time.monotonic()
            try:
                await self._runtime.backlog.count()
            except Unavailable as error:
                log.info("outbox_not_counted", why=str(error)[:200])
            await asyncio.sleep(min(max(MEASURE_SECONDS, 4 * (time.monotonic() - began)), 4 * MEASURE_SECONDS))
