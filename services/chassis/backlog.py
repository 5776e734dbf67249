"""The backlog: how many recorded events wait for Kafka, as last counted. Past a limit, nothing more is recorded until they have gone."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from chassis import metrics
from chassis.health import Unready
from chassis.outbox import Outbox
from chassis.problems import Refusal

log = structlog.get_logger()
FRESH_SECONDS: Final = 10.0
"""How old a count may be that a write goes by. Every process of a service counts, whether or not it carries the outbox."""
RETRY_SECONDS: Final = 30


class Backlog:
    """What waits in the outbox of one service.

    Args:
        outbox: the outbox.
        limit: from how many events on writes are refused.
        clock: seconds that only grow; tests hold it.
    """

    def __init__(self, outbox: Outbox, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbox = outbox
        self._limit = limit
        self._clock = clock
        self._pending = 0
        self._counted_at: float | None = None
        self._counting = asyncio.Lock()

    @property
    def full(self) -> bool:
        """Whether the limit was reached when it was last counted."""
        return self._pending >= self._limit

    async def count(self) -> None:
        """Count now, and show it.

        Raises:
            Unavailable: MongoDB is away.
        """
        depth = await self._outbox.depth()
        was_full, self._pending = self.full, sum(count for _, count, _ in depth)
        self._counted_at = self._clock()
        metrics.outbox_pending.set(self._pending)
        metrics.outbox_oldest_seconds.set(max((age for _, _, age in depth), default=0.0))
        if self.full != was_full:
            log.critical("writes_are_refused" if self.full else "writes_are_taken_again", pending=self._pending, limit=self._limit)

    async def admit(self) -> None:
        """Return when one more event may be recorded. A count that is too old to go by is made anew, by one request for all.

        Raises:
            Refusal: 503, the limit is reached.
            Unavailable: MongoDB is away.
        """
        if not self._fresh:
            async with self._counting:
                if not self._fresh:
                    await self.count()
        if self.full:
            raise Refusal(
                503, "outbox-full", f"{self._why}; send the same request again later", headers={"Retry-After": str(RETRY_SECONDS)}
            )

    async def probe(self) -> None:
        """Return when writes are taken.

        Raises:
            Unready: they are refused.
        """
        if self.full:
            raise Unready(self._why)

    @property
    def _fresh(self) -> bool:
        return self._counted_at is not None and self._clock() - self._counted_at <= FRESH_SECONDS

    @property
    def _why(self) -> str:
        return f"{self._limit} recorded events or more wait for Kafka: nothing is recorded until they are fewer"
