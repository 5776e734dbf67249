"""`python -m benchmarks`: run benchmarks on embedded engines of their own, and write what they found."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks import relay, write_path
from benchmarks.figures import Figure
from benchmarks.ground import Ground, fresh_prefix
from benchmarks.report import Report
from roundtable.identity import Issuer
from roundtable.native import start_engines

Benchmark = Callable[[Ground], Awaitable[list[Figure]]]
BENCHMARKS: Final[Mapping[str, Benchmark]] = {"write-path": write_path.run, "relay": relay.run}
HERE: Final = Path(__file__).parent
FULL, QUICK = 7, 3


def main(
    *,
    quick: Annotated[bool, typer.Option(help="Fewer and smaller rounds; the report is printed and not written.")] = False,
    only: Annotated[str, typer.Option(help="Names of benchmarks, separated by commas.")] = "",
) -> None:
    """Measure, and write `benchmarks/RESULTS.md` and its plot."""
    names = only.split(",") if only else list(BENCHMARKS)
    report = asyncio.run(_measure(names, quick=quick))
    typer.echo(report.text())
    if not quick and not only:
        report.write(HERE)


async def _measure(names: list[str], *, quick: bool) -> Report:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, start_engines(Path(folder), _tell) as engines:
        Issuer(engines.home).publish()
        for name in names:
            _tell(name)
            ground = Ground(engines, fresh_prefix(engines), QUICK if quick else FULL, quick, _tell)
            figures += await BENCHMARKS[name](ground)
    return Report(figures, quick=quick)


def _tell(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    typer.run(main)
