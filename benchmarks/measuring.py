"""Measuring: contenders take turns in rounds, in an order that rotates, and are compared within each round.

How fast a machine is changes from minute to minute. What two contenders did in the same round can be compared; their rates can not.
"""

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Measured = Mapping[str, float]
"""What one contender did in one round, by name: `{"per_second": 812.0, "p99": 0.041}`; times are in seconds."""
HUNDREDTHS: Final = 100
MICRO: Final = 1e6


@dataclass(frozen=True)
class Contender:
    """A way of doing the work, and how it is measured once."""

    name: str
    measure: Callable[[], Awaitable[Measured]]


@dataclass(frozen=True)
class Sample:
    """What one contender did, a value for each round."""

    name: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)


@dataclass(frozen=True)
class Rounds:
    """What all contenders did in every round."""

    measured: Mapping[str, Sequence[Measured]]

    def sample(self, contender: str, value: str) -> Sample:
        """One value of one contender."""
        return Sample(contender, [each[value] for each in self.measured[contender]])

    def processor(self, contender: str) -> Sample:
        """Seconds of processor time for each piece of work, of everyone who has a part in it but for whoever asks for it."""
        return Sample(
            contender,
            [
                sum(used for name, used in each.items() if name.startswith("cpu ") and name != "cpu load") / MICRO
                for each in self.measured[contender]
            ],
        )


async def take_turns(contenders: Sequence[Contender], rounds: int, tell: Callable[[str], None]) -> Rounds:
    """Measure every contender once in each round; the one that began a round ends the next.

    Args:
        contenders: of different names.
        rounds: how many.
        tell: told of each measurement.
    """
    measured: dict[str, list[Measured]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in rotated(contenders, number):
            found = await contender.measure()
            measured[contender.name].append(found)
            tell(f"round {number + 1} of {rounds}: {contender.name}: {', '.join(f'{name} {value:.4g}' for name, value in found.items())}")
    return Rounds(measured)


def rotated(contenders: Sequence[Contender], number: int) -> list[Contender]:
    """The order of a round."""
    first = number % len(contenders)
    return [*contenders[first:], *contenders[:first]]


def ratios(ours: Sample, beside: Sample) -> list[float]:
    """Ours as a multiple of what it is compared with, round by round."""
    return [own / other for own, other in zip(ours.values, beside.values, strict=True)]


def percentile(values: Sequence[float], hundredth: int) -> float:
    """The value below which so many hundredths of the values lie."""
    return statistics.quantiles(values, n=HUNDREDTHS, method="inclusive")[hundredth - 1] if len(values) > 1 else values[0]
