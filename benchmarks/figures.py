"""Figures: what is said of a benchmark, with the aim that it is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.measuring import Sample, percentile, ratios

Unit = Literal["/s", "s", "ms", "MB", "µs", "x"]


@dataclass(frozen=True)
class Aim:
    """What a ratio, or a value that stands alone, should at least or at most be."""

    bound: float
    kind: Literal["at least", "at most"]

    def met(self, value: float) -> bool:
        """Whether a value reaches the aim."""
        return value >= self.bound if self.kind == "at least" else value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.kind == "at least" else "≤"
        return f"{sign} {self.bound:g}"


def at_least(bound: float) -> Aim:
    """The more the better."""
    return Aim(bound, "at least")


def at_most(bound: float) -> Aim:
    """The less the better."""
    return Aim(bound, "at most")


@dataclass(frozen=True)
class Figure:
    """One figure of ours, beside what it is compared with in the same rounds.

    Attributes:
        about: the part of the text that says where it comes from: `write-path`.
        ours: a value for each round; seconds where the unit is ms or µs, bytes where it is MB.
        beside: the same rounds of the other contender, or None where the value stands alone.
        aim: for the ratio to the other contender, or for the value itself (in the unit) where it stands alone; None: only told.
    """

    about: str
    name: str
    unit: Unit
    ours: Sample
    beside: Sample | None
    aim: Aim | None

    @property
    def ratios(self) -> Sequence[float]:
        """Ours as a multiple of the other, round by round; empty where ours stands alone."""
        return [] if self.beside is None else ratios(self.ours, self.beside)

    @property
    def judged(self) -> float:
        """What is held against the aim: the median of the ratios, or ours in its unit."""
        return in_unit(self.ours.median, self.unit) if self.beside is None else percentile(self.ratios, 50)

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None without one."""
        return None if self.aim is None else self.aim.met(self.judged)


def in_unit(value: float, unit: Unit) -> float:
    """A value in the unit that it is shown in."""
    return value * {"/s": 1, "s": 1, "ms": 1e3, "MB": 1e-6, "µs": 1e6, "x": 1}[unit]
