"""Committing: what a handler makes of events, and the position that they are of, in one transaction; what cannot be handled is parked."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition

from chassis.batch import Batch, Committed, Handler, Received, received
from chassis.mongo import Tx, Unavailable
from chassis.parked import ParkedEvents, TooManyParked, envelope, explained, parked_id
from chassis.positions import LostPartition, Positions
from contracts.topics import force_of

log = structlog.get_logger()
Park = Callable[[TopicPartition, Any, Exception, Tx], Awaitable[None]]
"""Keeps a record that could not be handled, or refuses to go on without it."""

_NOT_OF_THE_EVENT = (Unavailable, LostPartition, TooManyParked)
"""Failures that say nothing against the event."""


class Committer:
    """Commits the events of the partitions that a process holds.

    Args:
        handler: writes the results of a batch.
        positions: where they are of.
        committed: told of each batch after its commit.
        park: what becomes of what fails, where that is not just kept.

    Attributes:
        at: where the process stands in each partition that it has taken up.
        batches: how many were committed.
    """

    def __init__(self, handler: Handler, positions: Positions, committed: Committed, park: Park | None = None) -> None:
        self._handler = handler
        self._positions = positions
        self._parked = ParkedEvents.beside(positions)
        self._committed = committed
        self._park = park or self._parked.park
        self._given_up: dict[TopicPartition, set[str]] = {}
        self.at: dict[TopicPartition, int] = {}
        self.batches = 0

    async def take_up(self, partition: TopicPartition) -> int:
        """Learn where to begin with a partition, and what to leave out of it. It is begun by putting the offset into `at`.

        Raises:
            OtherProjection: the position belongs to another version of the projection.
            StoppedPosition: the partition was stopped.
        """
        offset = await self._positions.take_up(partition)
        # What is discarded lies before the position, unless the log is read again: then it stays given up.
        self._given_up[partition] = await self._parked.given_up({"topic": partition.topic, "partition": partition.partition})
        return offset

    async def handle(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        """All records at once; if that fails for a reason of their own, one by one, and what fails alone is parked.

        Raises:
            LostPartition: the position is another process's by now.
            TooManyParked: one had to be parked, and the limit is reached.
            Exception: one had to be parked, and `park` refuses in its own way.
        """
        try:
            await self._commit(partition, records)
        except _NOT_OF_THE_EVENT:
            raise
        # A handler may fail in any way on an event that it did not expect; the partition goes on all the same.
        except Exception as error:  # noqa: BLE001 - the reason stands above
            log.warning("batch_falls_apart", force=force_of(partition.topic), records=len(records), why=type(error).__name__)
            for record in records:
                await self._handle_alone(partition, record)

    async def _handle_alone(self, partition: TopicPartition, record: Any) -> None:  # noqa: ANN401 - aiokafka has no types
        try:
            await self._commit(partition, [record])
        except _NOT_OF_THE_EVENT:
            raise
        except Exception as error:  # noqa: BLE001 - as in `handle`
            await self._commit(partition, [record], why=error)
            told = explained(error) | {"event_id": envelope(record.headers).get("id")}
            log.warning("event_parked", force=force_of(partition.topic), partition=partition.partition, offset=record.offset, **told)

    async def _commit(self, partition: TopicPartition, records: Sequence[Any], why: Exception | None = None) -> None:
        before = self._position(partition)
        after = records[-1].offset + 1
        batch = Batch(partition, [] if why else [_received(partition, record) for record in records if self._is_wanted(partition, record)])

        async def body(tx: Tx) -> None:
            await self._positions.move(partition, before, after, tx)
            if why is not None:
                await self._park(partition, records[0], why, tx)
            elif batch.events:
                await self._handler(tx, batch)

        await self._positions.mongo.transaction(body)
        if self.at.get(partition) == before:
            self.at[partition] = after
        self.batches += 1
        self._committed(batch)

    def _is_wanted(self, partition: TopicPartition, record: Any) -> bool:  # noqa: ANN401 - aiokafka has no types
        given_up = self._given_up.get(partition)
        return not given_up or parked_id(partition, record) not in given_up

    def _position(self, partition: TopicPartition) -> int:
        """Where this process stands; a partition that was revoked meanwhile is not its own any more."""
        if partition not in self.at:
            raise LostPartition
        return self.at[partition]


def _received(partition: TopicPartition, record: Any) -> Received:  # noqa: ANN401 - aiokafka has no types
    return received(partition, record.offset, record.value, record.key, record.headers)
