"""A rebuild of the whole read model, beside the projector that read the same log for the first time."""

import asyncio
from typing import Final

from benchmarks.course import Course, usual
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.ground import Ground
from benchmarks.measuring import Sample
from benchmarks.projector import filled
from benchmarks.rebuilding import LOOK_SECONDS, Rebuild, projected

ROUNDS: Final = 3
"""At most: each takes minutes, and what is compared in it is minutes long."""


async def run(ground: Ground) -> list[Figure]:
    """Events per second of building alone, how steady that and the memory are, and the time of verifying."""
    count, rounds = ground.size(1_000_000, 20_000), 1 if ground.quick else min(ROUNDS, ground.rounds)
    force = await filled(ground, count, 4)
    found = [await _round(ground, force, count) for _ in range(rounds)]
    projecting, building, verifying = [each[0] for each in found], [each[1].course for each in found], [each[1].verifying for each in found]
    halves, memory = [each.halves for each in building], [usual(each.resident) for each in building]
    most = Sample("building", [float(max(each.resident)) for each in building])
    name = f"rebuild of {count:,} events"
    return [
        Figure("rebuild", f"{name}, building alone", "/s", _rates("building", building), _rates("projector", projecting), at_least(0.9)),
        Figure("rebuild", f"{name}: its second half", "/s", *_pair("second half", "first half", halves), at_least(0.9)),
        Figure("rebuild", f"{name}: memory at its end", "MB", *_pair("last tenth", "second tenth", memory), at_most(1.1)),
        Figure("rebuild", f"{name}: most memory", "MB", most, None, at_most(250)),
        Figure("rebuild", f"{name}: verifying", "s", Sample("verifying", verifying), None, None),
    ]


async def _round(ground: Ground, force: str, count: int) -> tuple[Course, Rebuild]:
    """One process projects the log, and builds it anew beside that."""
    fresh = ground.fresh()
    fresh.register(force)
    projecting, rebuild = Course(), Rebuild()
    with fresh.services("readmodel") as services:
        pid = services["readmodel"].child.pid
        while (done := projected(fresh, None)) < count:
            projecting.note(done, pid)
            await asyncio.sleep(LOOK_SECONDS)
        projecting.note(done, pid)
        await rebuild.follow(fresh, lambda: pid)
    ground.tell(f"projector {projecting.per_second:.0f}/s, building {rebuild.course.per_second:.0f}/s, verifying {rebuild.verifying:.1f} s")
    return projecting, rebuild


def _rates(name: str, courses: list[Course]) -> Sample:
    return Sample(name, [each.per_second for each in courses])


def _pair(later: str, earlier: str, pairs: list[tuple[float, float]]) -> tuple[Sample, Sample]:
    return Sample(later, [each[1] for each in pairs]), Sample(earlier, [each[0] for each in pairs])
