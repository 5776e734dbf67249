"""What is measured of a process and of its work while something goes on."""

import os
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass
class Memory:
    """The resident memory of a process, sampled while something goes on; MiB."""

    pid: Callable[[], int]
    seen: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.5):
            try:
                status = Path(f"/proc/{self.pid()}/status").read_text(encoding="ascii")
            except OSError:
                continue
            self.seen.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)

    def __str__(self) -> str:
        tenth = max(1, len(self.seen) // 10)
        first, last = statistics.median(self.seen[tenth : 2 * tenth] or self.seen), statistics.median(self.seen[-tenth:])
        return f"{first:.0f} MiB in its second tenth, {last:.0f} in its last, {max(self.seen):.0f} at most"


@dataclass
class Course:
    """How far something was, and when."""

    seen: list[tuple[float, int]] = field(default_factory=list)

    def note(self, done: int) -> None:
        self.seen.append((time.monotonic(), done))

    def __str__(self) -> str:
        moving = [at for at in self.seen if at[1] > 0]
        begun, end = moving[0], next(at for at in moving if at[1] == moving[-1][1])
        middle = min(moving, key=lambda at: abs(at[1] - (begun[1] + end[1]) / 2))
        whole, halves = _rate(begun, end), (_rate(begun, middle), _rate(middle, end))
        return f"{whole:,.0f} events/s in {end[0] - begun[0]:.1f} s ({halves[0]:,.0f} in the first half, {halves[1]:,.0f} in the second)"


def _rate(one: tuple[float, int], other: tuple[float, int]) -> float:
    return (other[1] - one[1]) / max(other[0] - one[0], 1e-9)


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
