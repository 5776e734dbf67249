"""The watchdog: a consumer that makes no progress while there is lag is given up; its owner makes a new one, or ends the process."""

import asyncio
from collections import ChainMap, Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import metrics
from chassis.health import Unready
from chassis.mongo import Unavailable
from chassis.waits import within
from contracts.topics import force_of

log = structlog.get_logger()
EVERY_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 5.0
Places = Mapping[TopicPartition, int]


class NoProgress(Exception):  # noqa: N818 - said to the operator and to the supervisor
    """There was something to do and none of it was done, for longer than anyone's patience."""


class Watchdog:
    """Compares where the log ends with where the consumer stands; the difference is the lag.

    Args:
        client: the consumer's client.
        positions: where this process stands.
        everywhere: where the service stands in every partition, whichever process reads it; asked for when this process has none.
        reachable: returns when Kafka answers, and raises `Unready` when it does not.
    """

    def __init__(
        self,
        client: AIOKafkaConsumer,
        positions: Places,
        everywhere: Callable[[], Awaitable[Places]],
        reachable: Callable[[], Awaitable[None]],
    ) -> None:
        self._client = client
        self._positions = positions
        self._everywhere = everywhere
        self._reachable = reachable
        self._seen: dict[TopicPartition, int] = {}
        self._moved_at = asyncio.get_running_loop().time()

    async def watch(self, stopping: asyncio.Event) -> None:
        """Look now and then, until the service stops.

        Raises:
            NoProgress: nothing moved for too long.
        """
        while not stopping.is_set():
            await self._look()
            try:
                await asyncio.wait_for(stopping.wait(), EVERY_SECONDS)
            except TimeoutError:
                continue

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        standing = dict(self._positions)
        lag = await self._lag(standing)
        if lag is not None:
            _show(lag)
            if not standing:
                standing = await self._elsewhere()
                lag = await self._lag(standing) or {}
        if lag is None:
            await self._judge_silence(now)
        elif standing != self._seen or not any(lag.values()):
            self._seen, self._moved_at = standing, now
        elif now - self._moved_at > PATIENCE_SECONDS:
            message = f"{sum(lag.values())} events wait and none was handled for {PATIENCE_SECONDS:.0f} s"
            raise NoProgress(message)

    async def _judge_silence(self, now: float) -> None:
        """Kafka may be away, which is not the consumer's fault; or it answers everyone but this client, which then is stuck.

        Raises:
            NoProgress: it is.
        """
        if now - self._moved_at <= PATIENCE_SECONDS:
            return
        try:
            await self._reachable()
        except Unready:
            self._moved_at = now
            return
        message = f"Kafka answers others, and has not answered the consumer for {PATIENCE_SECONDS:.0f} s"
        raise NoProgress(message)

    async def _elsewhere(self) -> dict[TopicPartition, int]:
        """A process without a partition has nothing to do if others do it; if nobody does, it may have missed its own."""
        try:
            return dict(await self._everywhere())
        except Unavailable:
            return {}

    async def _lag(self, standing: Places) -> dict[TopicPartition, int] | None:
        """The lag of each partition that Kafka tells of; None where it tells nothing at all."""
        if not standing:
            return {}
        ends = await self._ends(standing)
        if ends is None:
            # A topic that is not there any more keeps the answer about all others back.
            topics = {partition.topic for partition in standing}
            parts = [[partition for partition in standing if partition.topic == topic] for topic in topics]
            answers = [answer for answer in await asyncio.gather(*map(self._ends, parts)) if answer is not None]
            if not answers:
                return None
            ends = dict(ChainMap(*answers))
        return {partition: max(0, end - standing[partition]) for partition, end in ends.items() if partition in standing}

    async def _ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int] | None:
        try:
            return dict(await within(ANSWER_SECONDS, self._client.end_offsets(list(partitions))))
        except (KafkaError, TimeoutError) as error:
            log.warning("lag_not_known", why=type(error).__name__)
            return None


def _show(lag: Places) -> None:
    """A partition that went to another process is that one's to tell of: what was last known of it here must not stand for ever."""
    metrics.projector_lag.clear()
    behind: Counter[str] = Counter()
    for partition, events in lag.items():
        behind[force_of(partition.topic)] += events
    for force, events in behind.items():
        metrics.projector_lag.labels(force=force).set(events)
