"""What it costs that everyone speaks TLS: the same comparisons again on engines that speak nothing else, and how their ratios compare."""

import dataclasses
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks import projector, relay, visible, write_path
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.ground import Ground, fresh_prefix
from benchmarks.measuring import Sample
from roundtable.identity import Issuer
from roundtable.native import start_engines

IN_CLEAR, BY_TLS = "in clear", "by TLS"
WITHIN: Final = 0.15
"""By how much a ratio may be worse."""
Comparison = Callable[[Ground], Awaitable[list[Figure]]]
_COMPARED: Final = (write_path, relay, projector, visible)


async def run(ground: Ground) -> list[Figure]:
    """Each ratio that has an aim, by TLS beside in clear; sealing and grants are on in both, as they are everywhere."""
    with tempfile.TemporaryDirectory() as folder, start_engines(Path(folder), ground.tell, tls=True) as engines:
        Issuer(engines.home).publish()
        secured = dataclasses.replace(ground, engines=engines, prefix=fresh_prefix(engines))
        pairs = [pair for comparison in _COMPARED for pair in await _side_by_side(comparison.run, secured, ground)]
    # What is ours may stand in two comparisons.
    return list({figure.name: figure for pair in pairs for figure in _compared(*pair)}.values())


async def _side_by_side(comparison: Comparison, *worlds: Ground) -> list[tuple[Figure, ...]]:
    """The figures of a comparison in each of two worlds, which take turns: what differs between them is TLS, and not the minute."""
    once = [dataclasses.replace(world, rounds=1) for world in worlds]
    rounds: list[list[list[Figure]]] = [[] for _ in worlds]
    for number in range(worlds[0].rounds):
        for which in range(len(once))[:: -1 if number % 2 else 1]:
            found = await comparison(once[which])
            rounds[which].append([figure for figure in found if figure.aim and figure.beside])
    return list(zip(*map(_joined, rounds), strict=True))


def _joined(rounds: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The figures of single rounds as figures of all of them."""
    return [
        dataclasses.replace(same[0], ours=_sample(each.ours for each in same), beside=_sample(each.beside for each in same if each.beside))
        for same in zip(*rounds, strict=True)
    ]


def _sample(parts: Iterable[Sample]) -> Sample:
    every = list(parts)
    return Sample(every[0].name, [value for part in every for value in part.values])


def _compared(by_tls: Figure, in_clear: Figure) -> Iterator[Figure]:
    """What TLS takes of the ratio, and of the value itself."""
    kind = in_clear.aim.kind if in_clear.aim else "at least"
    aim = at_least(1 - WITHIN) if kind == "at least" else at_most(1 + WITHIN)
    beside = in_clear.beside.name if in_clear.beside else ""
    ratios = Sample(BY_TLS, by_tls.ratios), Sample(IN_CLEAR, in_clear.ratios)
    yield Figure("secured", f"{in_clear.name}, beside {beside}: the ratio", "x", *ratios, aim)
    values = Sample(BY_TLS, by_tls.ours.values), Sample(IN_CLEAR, in_clear.ours.values)
    yield Figure("secured", in_clear.name, in_clear.unit, *values, None)
