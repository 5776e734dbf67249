"""The course of something that takes minutes: how far it was and when, and the memory of whoever did it."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import psutil

At = tuple[float, int]
"""Seconds, and how much was done by then."""
TENTHS: Final = 10


@dataclass
class Course:
    """Told again and again how far it is; it began when something was done, and ended when no more was.

    Attributes:
        resident: bytes of memory at each look.
    """

    seen: list[At] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)

    def note(self, done: int, pid: int) -> None:
        """So much is done now, by this process."""
        if done and (not self.seen or done > self.seen[-1][1]):
            self.seen.append((time.perf_counter(), done))
        self.resident.append(psutil.Process(pid).memory_info().rss)

    @property
    def per_second(self) -> float:
        """From the first look that saw anything done to the last."""
        return _rate(self.seen[0], self.seen[-1])

    @property
    def halves(self) -> tuple[float, float]:
        """The rate of the first half of the work, and of the second."""
        begun, ended = self.seen[0], self.seen[-1]
        middle = min(self.seen, key=lambda at: abs(at[1] - (begun[1] + ended[1]) / 2))
        return _rate(begun, middle), _rate(middle, ended)


def usual(values: Sequence[float]) -> tuple[float, float]:
    """What was usual in the second tenth of the time, and in the last."""
    tenth = max(1, len(values) // TENTHS)
    return statistics.median(values[tenth : 2 * tenth] or values), statistics.median(values[-tenth:])


def _rate(one: At, other: At) -> float:
    return (other[1] - one[1]) / max(other[0] - one[0], 1e-9)
