"""The consumer: one loop for everyone. A handler's results and the position that they are of commit in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord

from chassis import metrics, parked
from chassis.kafka import REQUEST_SECONDS, consumer, stop
from chassis.mongo import Tx, Unavailable
from chassis.positions import LostPartition, Positions
from chassis.runtime import Runtime
from chassis.watchdog import Watchdog
from contracts.codec import Message, UndecodableError, decode
from contracts.topics import force_of, topic

log = structlog.get_logger()
BATCH: Final = 1_000
AT_ONCE: Final = 8
"""Transactions in flight in one process, however many partitions it has."""
SHOW_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Received:
    """An event and where it stands in the log."""

    message: Message
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class Batch:
    """Events of one partition, in their order."""

    partition: TopicPartition
    events: Sequence[Received]

    @property
    def force(self) -> str:
        """The force whose partition it is."""
        return force_of(self.partition.topic)


Handler = Callable[[Tx, Batch], Awaitable[None]]
"""Writes to MongoDB through `tx`, and does nothing else: it may be run again."""
Committed = Callable[[Batch], None]
"""Told of each batch after its commit."""


async def consume(runtime: Runtime, handler: Handler, *, projection: int = 1, committed: Committed | None = None) -> None:
    """Hand every event of every registered force to `handler`, exactly once as far as MongoDB, until the service stops."""
    await Consumption(runtime, handler, projection, committed or (lambda _: None)).run()


class Consumption(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One process's share of a service's partitions."""

    def __init__(self, runtime: Runtime, handler: Handler, projection: int, committed: Committed) -> None:
        self._runtime = runtime
        self._handler = handler
        self._committed = committed
        self._stored = Positions(runtime.mongo, runtime.name, projection)
        self._at: dict[TopicPartition, int] = {}
        self._subscribed: list[str] = []
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Consume until the service stops."""
        counting = asyncio.create_task(parked.watch(self._runtime))
        try:
            await self._keep_consuming()
        finally:
            counting.cancel()

    async def _keep_consuming(self) -> None:
        while not self._runtime.stopping.is_set():
            client = consumer(self._runtime.settings, self._runtime.name)
            try:
                await asyncio.wait_for(client.start(), REQUEST_SECONDS * 2)
                await self._consume(client)
            except (KafkaError, TimeoutError, OSError) as error:
                if isinstance(error, OffsetOutOfRangeError):
                    # Neither the start nor the end of the log is a safe guess: an operator has to look.
                    raise
                log.warning("consumer_starts_anew", why=type(error).__name__)
                await asyncio.sleep(1)
            finally:
                self._at.clear()
                self._subscribed = []
                await stop(client)

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Forget every position: assignment is eager, and what is under way fails its compare-and-set."""
        del revoked
        self._at.clear()

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Nothing: the loop takes up what it has no position of."""

    async def _consume(self, client: AIOKafkaConsumer) -> None:
        watchdog = Watchdog(client, self._at)
        watching = asyncio.create_task(watchdog.watch(self._runtime.stopping))
        showing = asyncio.create_task(self._show_kafka(client))
        try:
            while not self._runtime.stopping.is_set():
                if watching.done():
                    watching.result()
                await self._round(client)
        finally:
            watching.cancel()
            showing.cancel()

    async def _round(self, client: AIOKafkaConsumer) -> None:
        try:
            self._subscribe(client)
            if not self._subscribed:
                await asyncio.sleep(0.1)
                return
            await self._take_up(client)
            polled: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = await client.getmany(timeout_ms=200, max_records=BATCH)
            mine = {partition: records for partition, records in polled.items() if partition in self._at}
            await asyncio.gather(*(self._work(partition, records) for partition, records in mine.items()))
        except NoOffsetForPartitionError:
            # Assigned, and not taken up yet: the next round seeks.
            return
        except Unavailable as error:
            log.warning("consumer_waits_for_mongo", why=str(error)[:200])
            # What was polled is polled again from the stored position.
            self._at.clear()
            await asyncio.sleep(0.5)

    def _subscribe(self, client: AIOKafkaConsumer) -> None:
        topics = sorted(topic(force) for force in self._runtime.registry.forces)
        if topics and topics != self._subscribed:
            client.subscribe(topics=topics, listener=self)
            self._subscribed = topics
            log.info("subscribed", topics=len(topics))

    async def _take_up(self, client: AIOKafkaConsumer) -> None:
        for partition in client.assignment() - self._at.keys():
            offset = await self._stored.take_up(partition)
            if partition in client.assignment():
                client.seek(partition, offset)
                self._at[partition] = offset

    async def _work(self, partition: TopicPartition, records: list[Any]) -> None:
        async with self._slots:
            try:
                await self._handle(partition, records)
            except LostPartition:
                log.warning("partition_lost", partition=partition.partition, force=force_of(partition.topic))
                self._at.pop(partition, None)

    async def _handle(self, partition: TopicPartition, records: list[Any]) -> None:
        """All records at once; if that fails for a reason of their own, one by one, and what fails alone is parked."""
        try:
            await self._commit(partition, records)
        except (Unavailable, LostPartition):
            raise
        # A handler may fail in any way on an event that it did not expect; the partition goes on all the same.
        except Exception as error:  # noqa: BLE001 - the reason stands above
            log.warning("batch_falls_apart", force=force_of(partition.topic), records=len(records), why=type(error).__name__)
            for record in records:
                await self._handle_alone(partition, record)

    async def _handle_alone(self, partition: TopicPartition, record: Any) -> None:  # noqa: ANN401 - aiokafka has no types
        try:
            await self._commit(partition, [record])
        except (Unavailable, LostPartition):
            raise
        except Exception as error:  # noqa: BLE001 - as in `_handle`
            log.warning("event_parked", force=force_of(partition.topic), offset=record.offset, why=type(error).__name__)
            await self._commit(partition, [record], why=error)

    async def _commit(self, partition: TopicPartition, records: list[Any], why: Exception | None = None) -> None:
        before = self._position(partition)
        after = records[-1].offset + 1
        batch = Batch(partition, [] if why else [_received(partition, record) for record in records])

        async def body(tx: Tx) -> None:
            await self._stored.move(partition, before, after, tx)
            if why is not None:
                await parked.park(self._runtime, partition, records[0], why, tx)
            else:
                await self._handler(tx, batch)

        await self._runtime.mongo.transaction(body)
        if self._at.get(partition) == before:
            self._at[partition] = after
        metrics.events_projected_total.labels(force=batch.force).inc(len(batch.events))
        self._committed(batch)

    def _position(self, partition: TopicPartition) -> int:
        """Where this process stands; a partition that was revoked meanwhile is not its own any more."""
        if partition not in self._at:
            raise LostPartition
        return self._at[partition]

    async def _show_kafka(self, client: AIOKafkaConsumer) -> None:
        """Commit the offsets to Kafka too, now and then, for tools to show; nothing reads them."""
        while True:
            await asyncio.sleep(SHOW_SECONDS)
            mine = {partition: offset for partition, offset in self._at.items() if partition in client.assignment()}
            if mine:
                try:
                    await asyncio.wait_for(client.commit(mine), SHOW_SECONDS)
                except (KafkaError, TimeoutError) as error:
                    log.info("offsets_not_shown", why=type(error).__name__)


def _received(partition: TopicPartition, record: Any) -> Received:  # noqa: ANN401 - aiokafka has no types
    message = decode(record.value, record.key, record.headers)
    if message.force != force_of(partition.topic):
        wrong = "the event is of another force than its topic"
        raise UndecodableError(wrong)
    return Received(message, partition.topic, partition.partition, record.offset)
