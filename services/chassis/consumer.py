"""The consumer: one loop for everyone. A handler's results and the position that they are of commit in one transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord

from chassis import metrics, parked
from chassis.commits import BATCH, Batch, Commits, Committed, Handler, Received
from chassis.kafka import REQUEST_SECONDS, consumer, stop
from chassis.mongo import Unavailable
from chassis.positions import LostPartition, Positions
from chassis.runtime import Runtime
from chassis.watchdog import Watchdog
from contracts.topics import force_of, topic

log = structlog.get_logger()
AT_ONCE: Final = 8
"""Transactions in flight in one process, however many partitions it has."""
SHOW_SECONDS: Final = 5.0


async def consume(
    runtime: Runtime,
    handler: Handler,
    *,
    positions: Positions | None = None,
    committed: Committed = lambda _: None,
    until: asyncio.Event | None = None,
) -> None:
    """Hand every event of every registered force to `handler`, exactly once as far as MongoDB.

    Args:
        runtime: the service; it takes its share of the partitions among its replicas.
        handler: writes the results of a batch.
        positions: where they are kept, unless it is among what else the service has.
        committed: told of each batch after its commit.
        until: set when there is an end before that of the service.
    """
    stored = positions or Positions(runtime.mongo, runtime.name)
    await Consumption(runtime, handler, stored, committed, until or runtime.stopping).run()


class Consumption(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One process's share of a service's partitions."""

    def __init__(self, runtime: Runtime, handler: Handler, stored: Positions, committed: Committed, until: asyncio.Event) -> None:
        self._runtime = runtime
        self._committed = committed
        self._stored = stored
        self._until = until
        self._commits = Commits(runtime, stored, handler, self._note)
        self._at = self._commits.at
        self._subscribed: list[str] = []
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Consume until the end."""
        counting = asyncio.create_task(parked.watch(self._runtime))
        try:
            await self._keep_consuming()
        finally:
            counting.cancel()

    async def _keep_consuming(self) -> None:
        while not self._until.is_set():
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
        watching = asyncio.create_task(watchdog.watch(self._until))
        showing = asyncio.create_task(self._show_kafka(client))
        try:
            while not self._until.is_set():
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
                await self._commits.commit(partition, records)
            except LostPartition:
                log.warning("partition_lost", partition=partition.partition, force=force_of(partition.topic))
                self._at.pop(partition, None)

    def _note(self, batch: Batch) -> None:
        metrics.events_projected_total.labels(force=batch.force).inc(len(batch.events))
        self._committed(batch)

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


__all__ = ["Batch", "Committed", "Consumption", "Handler", "Received", "consume"]
