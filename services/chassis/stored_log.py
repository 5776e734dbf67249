"""Reads the log of events at known places, for those who ask for events as they are stored."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.kafka import READ_SECONDS, consumer, stop
from chassis.mongo import Unavailable
from chassis.settings import Settings
from chassis.waits import within
from contracts.codec import Message, decode

TURN_SECONDS: Final = 10.0
"""How long a reader of the log waits for those who asked before."""


class LogUnavailable(Unavailable):
    """The log of events does not answer."""


class LogReader:
    """Reads events of the log at known places, for those who ask for events as they are stored."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._lock = asyncio.Lock()

    async def read(self, places: Sequence[tuple[str, int, int]]) -> list[Message]:
        """The events at `(topic, partition, offset)`, in the order asked for.

        Raises:
            LogUnavailable: the log did not answer in time.
            UndecodableError: what stands there is not an event.
        """
        if not places:
            return []
        async with self._turn():
            try:
                async with asyncio.timeout(READ_SECONDS):
                    found = await self._fetch(await self._started(), set(places))
            except (KafkaError, TimeoutError, OSError) as error:
                # A client that lost its broker may stay stuck: the next reader makes a new one.
                await self.close()
                message = "the log of events does not answer"
                raise LogUnavailable(message) from error
        return [found[place] for place in places]

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until nobody else reads, but not for everyone that asked before."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._lock.acquire()
        except TimeoutError as error:
            message = "the log of events has too many readers"
            raise LogUnavailable(message) from error
        try:
            yield
        finally:
            self._lock.release()

    async def close(self) -> None:
        """Let the connection go."""
        if self._consumer is not None:
            await stop(self._consumer)
            self._consumer = None

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = consumer(self._settings, kind=AIOKafkaConsumer)
            await within(READ_SECONDS, self._consumer.start())
        return self._consumer

    async def _fetch(self, client: AIOKafkaConsumer, wanted: set[tuple[str, int, int]]) -> dict[tuple[str, int, int], Message]:
        found: dict[tuple[str, int, int], Message] = {}
        client.assign(sorted({TopicPartition(topic, partition) for topic, partition, _ in wanted}))
        while missing := wanted - found.keys():
            for partition in client.assignment():
                offsets = [offset for topic, number, offset in missing if (topic, number) == partition]
                if offsets:
                    client.seek(partition, min(offsets))
                else:
                    client.pause(partition)
            for partition, records in (await client.getmany(timeout_ms=1_000)).items():
                for record in records:
                    place = (partition.topic, partition.partition, record.offset)
                    if place in missing:
                        found[place] = decode(record.value, record.key, record.headers)
        return found
