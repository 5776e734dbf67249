"""The watchdog: a consumer that makes no progress while there is lag ends its process, which is then started again."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import metrics
from contracts.topics import force_of

log = structlog.get_logger()
EVERY_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60.0


class NoProgress(Exception):  # noqa: N818 - said to the operator and to the supervisor
    """There were events to handle and none was, for longer than the watchdog's patience."""


class Watchdog:
    """Compares where the log ends with where the consumer stands; the difference is the lag."""

    def __init__(self, client: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
        self._client = client
        self._positions = positions
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
        if lag is None:
            # Kafka is away: that is not the consumer's fault, and it starts anew by itself.
            self._moved_at = now
            return
        # A partition that went to another process is that one's to tell of: what was last known of it here must not stand for ever.
        metrics.projector_lag.clear()
        for force, behind in _by_force(lag).items():
            metrics.projector_lag.labels(force=force).set(behind)
        if standing != self._seen or not any(lag.values()):
            self._seen, self._moved_at = standing, now
        elif now - self._moved_at > PATIENCE_SECONDS:
            message = f"{sum(lag.values())} events wait and none was handled for {PATIENCE_SECONDS:.0f} s"
            raise NoProgress(message)

    async def _lag(self, standing: Mapping[TopicPartition, int]) -> dict[TopicPartition, int] | None:
        if not standing:
            return {}
        try:
            ends = await asyncio.wait_for(self._client.end_offsets(list(standing)), 5.0)
        except (KafkaError, TimeoutError) as error:
            log.warning("lag_not_known", why=type(error).__name__)
            return None
        return {partition: max(0, end - standing[partition]) for partition, end in ends.items() if partition in standing}


def _by_force(lag: Mapping[TopicPartition, int]) -> Counter[str]:
    behind: Counter[str] = Counter()
    for partition, events in lag.items():
        behind[force_of(partition.topic)] += events
    return behind
