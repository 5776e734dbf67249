"""What it costs that everyone speaks TLS: the same comparisons again on engines that speak nothing else, and how their ratios compare."""

import dataclasses
import tempfile
from collections.abc import Iterator
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
_COMPARED: Final = (write_path, relay, projector, visible)


async def run(ground: Ground) -> list[Figure]:
    """Each ratio that has an aim, by TLS beside in clear; sealing and grants are on in both, as they are everywhere."""
    in_clear = await _measured(ground)
    with tempfile.TemporaryDirectory() as folder, start_engines(Path(folder), ground.tell, tls=True) as engines:
        Issuer(engines.home).publish()
        secured = dataclasses.replace(ground, engines=engines, prefix=fresh_prefix(engines))
        by_tls = await _measured(secured)
    return [figure for pair in zip(by_tls, in_clear, strict=True) for figure in _compared(*pair)]


async def _measured(ground: Ground) -> list[Figure]:
    found = [figure for each in _COMPARED for figure in await each.run(ground)]
    return [figure for figure in found if figure.aim and figure.beside]


def _compared(by_tls: Figure, in_clear: Figure) -> Iterator[Figure]:
    """What TLS takes of the ratio, and of the value itself: these are not of the same minutes, and say less."""
    kind = in_clear.aim.kind if in_clear.aim else "at least"
    aim = at_least(1 - WITHIN) if kind == "at least" else at_most(1 + WITHIN)
    ratios = Sample(BY_TLS, by_tls.ratios), Sample(IN_CLEAR, in_clear.ratios)
    yield Figure("secured", f"{in_clear.name}: its ratio", "x", *ratios, aim)
    values = Sample(BY_TLS, by_tls.ours.values), Sample(IN_CLEAR, in_clear.ours.values)
    yield Figure("secured", in_clear.name, in_clear.unit, *values, None)
