"""Back-off: what failed is left alone for longer and longer, with jitter, so that what failed together does not come back together."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class BackOff:
    """How long each of several things is left alone, by name.

    Attributes:
        first: seconds after a first failure, at the most; each further one doubles it.
        longest: seconds that it is never longer than.
        now: a clock that never goes back, in seconds.
        chance: from 0 to 1; half of each wait is left to it.
    """

    first: float
    longest: float
    now: Callable[[], float]
    chance: Callable[[], float] = random.random
    _failures: dict[str, int] = field(default_factory=dict)
    _until: dict[str, float] = field(default_factory=dict)

    def failed(self, name: str) -> None:
        """Leave something alone for a while."""
        failures = self._failures.get(name, 0)
        # Far past the longest wait the power would be too large for a float.
        wait = min(self.longest, self.first * 2 ** min(failures, 32))
        self._failures[name] = failures + 1
        self._until[name] = self.now() + wait * (1 + self.chance()) / 2

    def succeeded(self, name: str) -> None:
        """Forget that it ever failed."""
        self._failures.pop(name, None)
        self._until.pop(name, None)

    def left_out(self) -> list[str]:
        """What is left alone now."""
        now = self.now()
        return [name for name, until in self._until.items() if until > now]
