"""Commits: the results of a batch and the position that they are of, in one transaction; what fails alone is parked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from aiokafka import TopicPartition

from chassis import parked
from chassis.mongo import Tx, Unavailable
from chassis.positions import LostPartition, Positions
from chassis.runtime import Runtime
from contracts.codec import Message, UndecodableError, decode
from contracts.topics import force_of

log = structlog.get_logger()
BATCH: Final = 1_000


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
Park = Callable[[TopicPartition, Any, Exception, Tx], Awaitable[None]]
"""Keeps a record that could not be handled, or refuses to go on without it."""


class Commits:
    """One process's way of committing what it polled.

    Attributes:
        at: where the process stands in each partition that it has; its owner puts partitions in and takes them out.
    """

    def __init__(self, runtime: Runtime, stored: Positions, handler: Handler, committed: Committed, park: Park | None = None) -> None:
        self.at: dict[TopicPartition, int] = {}
        self._runtime = runtime
        self._stored = stored
        self._handler = handler
        self._committed = committed
        self._park = park or partial(parked.park, runtime)

    async def commit(self, partition: TopicPartition, records: list[Any]) -> None:
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
        except Exception as error:  # noqa: BLE001 - as in `commit`
            log.warning("event_parked", force=force_of(partition.topic), offset=record.offset, why=type(error).__name__)
            await self._commit(partition, [record], why=error)

    async def _commit(self, partition: TopicPartition, records: list[Any], why: Exception | None = None) -> None:
        before = self._position(partition)
        after = records[-1].offset + 1
        batch = Batch(partition, [] if why else [_received(partition, record) for record in records])

        async def body(tx: Tx) -> None:
            await self._stored.move(partition, before, after, tx)
            if why is not None:
                await self._park(partition, records[0], why, tx)
            else:
                await self._handler(tx, batch)

        await self._runtime.mongo.transaction(body)
        if self.at.get(partition) == before:
            self.at[partition] = after
        self._committed(batch)

    def _position(self, partition: TopicPartition) -> int:
        """Where this process stands; a partition that was revoked meanwhile is not its own any more."""
        if partition not in self.at:
            raise LostPartition
        return self.at[partition]


def _received(partition: TopicPartition, record: Any) -> Received:  # noqa: ANN401 - aiokafka has no types
    message = decode(record.value, record.key, record.headers)
    if message.force != force_of(partition.topic):
        wrong = "the event is of another force than its topic"
        raise UndecodableError(wrong)
    return Received(message, partition.topic, partition.partition, record.offset)
