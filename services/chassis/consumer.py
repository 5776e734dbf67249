"""The consumer: one loop for everyone. A handler's results and the position that they are of commit in one transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from chassis import metrics
from chassis.batch import BATCH, Batch, Committed, Handler
from chassis.committing import Committer
from chassis.kafka import REQUEST_SECONDS, STOP_SECONDS, consumer, log_range, reachable, stop
from chassis.membership import leave
from chassis.mongo import Unavailable
from chassis.parked import ParkedEvents, TooManyParked
from chassis.positions import LostPartition, Positions, StoppedPosition
from chassis.redrive import Redriver
from chassis.runtime import Runtime
from chassis.stopped import Stopped, outside
from chassis.waits import together, within
from chassis.watchdog import NoProgress, Watchdog
from contracts.topics import force_of, topic

log = structlog.get_logger()
POLLED: Final = 4 * BATCH
"""Records that one poll takes at most: one batch would come of a single partition, and the others would wait for its commit."""
AT_ONCE: Final = 8
"""Transactions in flight in one process, however many partitions it has."""
SHOW_SECONDS: Final = 5.0
POLL_SECONDS: Final = 20.0
"""How long a poll may take that asks for 0.2 s."""


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
        positions: what they are kept as, and what is parked beside them; of one model, where the service has several.
        committed: told of each batch after its commit.
        until: set when there is an end before that of the service.
    """
    stored = positions or Positions(runtime.mongo, runtime.name)
    await Consumption(runtime, handler, stored, committed, until or runtime.stopping).run()


class Consumption(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One process's share of a service's partitions."""

    def __init__(self, runtime: Runtime, handler: Handler, stored: Positions, committed: Committed, until: asyncio.Event) -> None:
        self._runtime = runtime
        self._stored = stored
        self._until = until
        self._parked = ParkedEvents.beside(stored)
        self._committed = committed
        self._committer = Committer(handler, stored, self._note)
        self._redriver = Redriver(handler, stored, committed)
        self._stopped = Stopped()
        self._subscribed: list[str] = []
        self._is_joined = False
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._rebuilt_at: int | None = None
        runtime.checks.add("partitions", self._stopped.probe, required=False)

    @property
    def _at(self) -> dict[TopicPartition, int]:
        return self._committer.at

    async def run(self) -> None:
        """Consume until the end."""
        await self._prepare()
        await together(self._keep_consuming(), self._parked.watch(), self._redriver.run())
        await self._leave()

    async def _leave(self) -> None:
        """Give the partitions back when the service stops; one that ends without it is thought to come back within its session."""
        if self._runtime.stopping.is_set():
            try:
                await within(STOP_SECONDS, leave(self._runtime.settings, self._runtime.name))
            except (KafkaError, TimeoutError, OSError) as error:
                log.info("group_not_left", why=type(error).__name__)

    async def _prepare(self) -> None:
        while not self._until.is_set():
            try:
                await self._parked.prepare()
            except Unavailable as error:
                log.warning("consumer_waits_for_mongo", why=str(error)[:200])
                await asyncio.sleep(0.5)
            else:
                break

    async def _keep_consuming(self) -> None:
        while not self._until.is_set():
            client = consumer(self._runtime.settings, self._runtime.name, self._runtime.registry.partition_count)
            try:
                await within(REQUEST_SECONDS * 2, client.start())
                await self._consume(client)
            except NoProgress as error:
                self._rebuild_once(error)
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("consumer_starts_anew", why=type(error).__name__)
                await asyncio.sleep(1)
            finally:
                self._forget_partitions()
                self._subscribed, self._is_joined = [], False
                await stop(client)

    def _rebuild_once(self, stuck: NoProgress) -> None:
        """Begin with a new client; if that too gets nothing done, only a new process may help.

        Raises:
            NoProgress: a new client was tried since the last commit.
        """
        if self._rebuilt_at == self._committer.batches:
            raise stuck
        self._rebuilt_at = self._committer.batches
        log.error("consumer_is_rebuilt", why=str(stuck))

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Forget every position: assignment is eager, and what is under way fails its compare-and-set."""
        del revoked
        self._is_joined = False
        self._forget_partitions()

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Be a member again; the loop takes up what it has no position of."""
        del assigned
        self._is_joined = True

    def _forget_partitions(self) -> None:
        self._at.clear()
        self._stopped.clear()

    async def _consume(self, client: AIOKafkaConsumer) -> None:
        watchdog = Watchdog(client, self._at, self._everywhere, partial(reachable, self._runtime.settings))
        await together(self._rounds(client), watchdog.watch(self._until), self._show_kafka(client))

    async def _everywhere(self) -> Mapping[TopicPartition, int]:
        return await self._stored.standing(self._subscribed)

    async def _rounds(self, client: AIOKafkaConsumer) -> None:
        while not self._until.is_set():
            await self._round(client)

    async def _round(self, client: AIOKafkaConsumer) -> None:
        try:
            await self._subscribe(client)
            if not self._subscribed:
                await asyncio.sleep(0.1)
                return
            await self._take_up(client)
            async with asyncio.timeout(POLL_SECONDS):
                polled: dict[TopicPartition, list[Any]] = await client.getmany(timeout_ms=200, max_records=POLLED)
            mine = {partition: records for partition, records in polled.items() if partition in self._at}
            await asyncio.gather(*(self._work(client, partition, records) for partition, records in mine.items()))
        except NoOffsetForPartitionError:
            # Assigned, and not taken up yet: the next round seeks.
            return
        except OffsetOutOfRangeError as error:
            for partition, offset in error.args[0].items():
                await self._stop_outside(client, partition, offset)
        except Unavailable as error:
            log.warning("consumer_waits_for_mongo", why=str(error)[:200])
            # What was polled is polled again from the stored position.
            self._at.clear()
            await asyncio.sleep(0.5)

    async def _subscribe(self, client: AIOKafkaConsumer) -> None:
        topics = sorted(topic(force) for force in self._runtime.registry.forces)
        if topics and topics != self._subscribed:
            if not self._subscribed:
                await leave(self._runtime.settings, self._runtime.name, unless_reading=topics)
            client.subscribe(topics=topics, listener=self)
            self._subscribed = topics
            log.info("subscribed", topics=len(topics))

    async def _take_up(self, client: AIOKafkaConsumer) -> None:
        for partition in client.assignment() - self._at.keys():
            if self._stopped.rests(partition):
                continue
            try:
                offset = await self._committer.take_up(partition)
            except StoppedPosition as stopped:
                self._let_rest(client, partition, str(stopped))
                continue
            if partition in client.assignment():
                client.resume(partition)
                client.seek(partition, offset)
                self._at[partition] = offset
                self._stopped.remove(partition)

    async def _stop_outside(self, client: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> None:
        """Stop a partition whose position is not in its log: neither the start nor the end of the log is a safe guess."""
        if self._at.get(partition) == offset:
            why = outside(partition, offset, *await log_range(client, partition))
            await self._stored.stop(partition, offset, why)
            self._let_rest(client, partition, why)

    def _let_rest(self, client: AIOKafkaConsumer, partition: TopicPartition, why: str) -> None:
        self._at.pop(partition, None)
        self._stopped.add(partition, why)
        if partition in client.assignment():
            # Without a position the client would ask for one at every poll; a paused partition is not read, wherever it stands.
            client.pause(partition)
            client.seek(partition, 0)

    async def _work(self, client: AIOKafkaConsumer, partition: TopicPartition, records: Sequence[Any]) -> None:
        async with self._slots:
            try:
                for batch in (records[begin : begin + BATCH] for begin in range(0, len(records), BATCH)):
                    await self._committer.handle(partition, batch)
                    if self._until.is_set() or self._at.get(partition) != batch[-1].offset + 1:
                        # Whoever stands elsewhere now was sent there meanwhile, and what was polled here is not what comes next.
                        return
            except LostPartition:
                log.warning("partition_lost", partition=partition.partition, force=force_of(partition.topic))
                self._at.pop(partition, None)
            except TooManyParked as error:
                self._let_rest(client, partition, str(error))

    def _note(self, batch: Batch) -> None:
        metrics.events_projected_total.labels(force=batch.force).inc(len(batch.events))
        self._committed(batch)

    async def _show_kafka(self, client: AIOKafkaConsumer) -> None:
        """Commit the offsets to Kafka too, now and then, for tools to show; nothing reads them."""
        while True:
            await asyncio.sleep(SHOW_SECONDS)
            mine = {partition: offset for partition, offset in self._at.items() if partition in client.assignment()}
            # Behind a request to join, which is answered when all have joined, a commit would come with the generation before: it would
            # be refused, and the client would begin to join anew, for ever.
            if mine and self._is_joined:
                try:
                    await within(SHOW_SECONDS, client.commit(mine))
                except (KafkaError, TimeoutError) as error:
                    log.info("offsets_not_shown", why=type(error).__name__)
