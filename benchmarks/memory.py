"""The memory of every service, while fifty concerns a second are raised and waited for: how much at most, and whether it grows."""

from typing import Final

import psutil

from benchmarks.course import usual
from benchmarks.figures import Figure, at_most
from benchmarks.ground import Ground
from benchmarks.measuring import Sample
from benchmarks.visible import PER_SECOND, open_loop, served

LOOK_SECONDS: Final = 10


async def run(ground: Ground) -> list[Figure]:
    """Half an hour of it, with a look every ten seconds."""
    looks = ground.size(30 * 60, 20) // LOOK_SECONDS
    async with served(ground) as (services, pairs):
        seen: dict[str, list[float]] = {name: [] for name in services}
        for _ in range(looks):
            await open_loop(pairs, PER_SECOND * LOOK_SECONDS)
            for name, service in services.items():
                seen[name].append(float(psutil.Process(service.child.pid).memory_info().rss))
    return [figure for name, resident in seen.items() for figure in _figures(name, resident, looks * LOOK_SECONDS // 60)]


def _figures(name: str, resident: list[float], minutes: int) -> list[Figure]:
    earlier, later = usual(resident)
    most, grown = f"memory of {name}, at most", f"memory of {name}, after {minutes} minutes"
    return [
        Figure("memory", most, "MB", Sample(f"{minutes} minutes at {PER_SECOND}/s", [max(resident)]), None, at_most(250)),
        Figure("memory", grown, "MB", Sample("last tenth", [later]), Sample("second tenth", [earlier]), at_most(1.1)),
    ]
