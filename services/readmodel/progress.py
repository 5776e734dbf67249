"""How far a build is: written down every second, for the command line and the metrics."""

import asyncio
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import structlog

from chassis import metrics
from chassis.logs import told
from chassis.mongo import Unavailable
from readmodel.builder import Builder, Ends
from readmodel.model import Phase
from readmodel.models import Models

log = structlog.get_logger()
TELL_SECONDS: Final = 1.0
LOOKS: Final = 10
"""The rate is that of so many seconds."""
NEARLY: Final = 200
"""So few events since the last look at the log's end are no reason to look again."""


class Progress:
    """One build on its way to the end of the log."""

    def __init__(self, models: Models, builder: Builder) -> None:
        self._models = models
        self._builder = builder
        self._phase = Phase.BUILDING
        self._ends: Ends = {}
        self._seen: deque[tuple[float, int]] = deque(maxlen=LOOKS)
        self._telling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to tell."""
        self._telling = asyncio.create_task(self._keep_telling())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Tell no more."""
        metrics.rebuild_remaining.set(0)
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def enter(self, phase: Phase) -> None:
        """Go on to another phase, and say so."""
        self._phase = phase
        log.info("rebuild_goes_on", phase=phase.value, events=self._done)
        await self._tell()

    async def reach_the_end(self) -> None:
        """Project until hardly anything came while the last of it was projected."""
        missing = NEARLY + 1
        while missing > NEARLY:
            self._ends = await self._builder.ends()
            missing = self._every - self._done
            await self._builder.reach(self._ends)

    @property
    def _every(self) -> int:
        return sum(self._ends.values())

    @property
    def _done(self) -> int:
        at: Mapping[object, int] = self._builder.at
        return sum(min(at.get(partition, 0), end) for partition, end in self._ends.items())

    async def _keep_telling(self) -> None:
        while True:
            try:
                await self._tell()
            except Unavailable as error:
                log.info("progress_not_told", error=told(error))
            await asyncio.sleep(TELL_SECONDS)

    async def _tell(self) -> None:
        now, done, every = asyncio.get_running_loop().time(), self._done, self._every
        self._seen.append((now, done))
        since, before = self._seen[0]
        rate = max(0.0, (done - before) / (now - since)) if now > since else 0.0
        metrics.rebuild_remaining.set(every - done)
        await self._models.tell(self._builder.store.model, self._phase, done, every, rate)
