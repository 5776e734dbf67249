"""The pace of a consumer: from its first commit to its last, so that how long it took to begin does not count."""

import asyncio
import time
from dataclasses import dataclass, field

from benchmarks.measuring import Measured
from benchmarks.processor import Processor
from roundtable.native import Engines


@dataclass
class Pace:
    """Told of every commit; over after `count` events."""

    engines: Engines
    count: int
    _events: int = 0
    _counted_from: int = 0
    _begun: float = 0.0
    _ended: float = 0.0
    _processor: Processor | None = None
    _used: dict[str, float] = field(default_factory=dict)

    def committed(self, events: int) -> None:
        """So many events more are committed."""
        self._events += events
        if self._processor is None:
            self._begun, self._counted_from, self._processor = time.perf_counter(), self._events, Processor(self.engines)
        if self._events >= self.count and not self._ended:
            self._ended = time.perf_counter()
            self._used = self._processor.per_piece(self.count - self._counted_from)

    async def is_over(self) -> bool:
        """Whether everything is committed."""
        await asyncio.sleep(0)
        return bool(self._ended)

    def measured(self) -> Measured:
        """Events per second, and processor time for each."""
        return {"per_second": (self.count - self._counted_from) / (self._ended - self._begun)} | self._used
