"""A rebuild that is followed: how far building is, and how long each of its phases took."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from benchmarks.course import Course
from benchmarks.ground import Ground
from readmodel.model import Phase, Standing
from roundtable import rebuilding
from roundtable.live_model import standing

LOOK_SECONDS: Final = 0.5
"""Between two looks at something that takes minutes: each costs MongoDB and this process a little."""
CLOSER_SECONDS: Final = 0.1
CLOSEST_SECONDS: Final = 0.01
"""Once it verifies: what comes after that, the swap, is over within a tenth of a second."""


@dataclass
class Rebuild:
    """What was seen of one rebuild.

    Attributes:
        course: of building alone.
        begun: when each phase was first seen, and None for the end, in seconds of one clock.
    """

    course: Course = field(default_factory=Course)
    begun: dict[Phase | None, float] = field(default_factory=dict)

    async def follow(self, ground: Ground, builder: Callable[[], int], meanwhile: Callable[[Standing], None] | None = None) -> None:
        """Ask for a rebuild and follow it until its model is live.

        Args:
            ground: where the read model stands.
            builder: the process id of whoever builds now.
            meanwhile: told at each look what stands; there are more of them then.

        Raises:
            RuntimeError: the build was given up.
        """
        before = _standing(ground).live
        wish = rebuilding.ask(ground.desk)
        while (now := _standing(ground)).live == before:
            if now.ended is not None and now.ended.wish == wish and now.wanted is None:
                raise RuntimeError(now.ended)
            if now.wanted is not None and now.wanted.phase is not None:
                self.begun.setdefault(now.wanted.phase, time.perf_counter())
                if now.wanted.phase is Phase.BUILDING:
                    self.course.note(projected(ground, now.wanted.model.later_build), builder())
            if meanwhile is not None:
                meanwhile(now)
            await asyncio.sleep(LOOK_SECONDS if meanwhile is None else CLOSEST_SECONDS if Phase.VERIFYING in self.begun else CLOSER_SECONDS)
        self.begun[None] = time.perf_counter()

    @property
    def seconds(self) -> float:
        """From its first phase to the swap."""
        return self.begun[None] - min(self.begun.values())

    @property
    def verifying(self) -> float:
        """Seconds of the phase in which it is compared with the live model."""
        return self.begun.get(Phase.SWAPPING, self.begun[None]) - self.begun[Phase.VERIFYING]


def projected(ground: Ground, build: int | None) -> int:
    """How many events a build of the read model holds; None: the first one."""
    return sum(int(each["offset"]) for each in ground.desk.database("readmodel")["positions"].find({"build": build}))


def _standing(ground: Ground) -> Standing:
    found = standing(ground.desk)
    if found is None:
        message = "no read model was ever started here"
        raise RuntimeError(message)
    return found
