"""Processor time: what the work costs, whoever else keeps the machine busy meanwhile."""

import time
from dataclasses import dataclass, field

import psutil

from benchmarks.measuring import MICRO
from roundtable.native import Engines


@dataclass
class Processor:
    """Measures from the moment that it is made.

    Attributes:
        engines: whose processes are measured beside this one.
        also: process ids of others, by name.
    """

    engines: Engines
    also: dict[str, int] = field(default_factory=dict)
    _begun: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self._begun = self._seconds()

    def per_piece(self, pieces: int) -> dict[str, float]:
        """Microseconds of processor time for each piece of work, by process: `{"cpu here": 41.0, "cpu mongod": 63.5, …}`."""
        return {f"cpu {name}": (seconds - self._begun[name]) / pieces * MICRO for name, seconds in self._seconds().items()}

    def _seconds(self) -> dict[str, float]:
        engines = {child.name: child.pid for child in self.engines.children}
        # Where others do the work, this process only asks for it.
        return {"load" if self.also else "here": time.process_time()} | {name: _used(pid) for name, pid in (engines | self.also).items()}


def _used(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
