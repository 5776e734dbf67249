"""`python -m benchmarks`: run benchmarks on embedded engines of their own, and write what they found."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks import forces, memory, peers, projector, rebuild, rebuild_under_load, relay, secured, sizes, visible, write_path
from benchmarks.figures import Figure
from benchmarks.ground import Ground, fresh_prefix
from benchmarks.machine import described, load
from benchmarks.report import HERE, Report, Run, missed
from chassis import logs
from roundtable.identity import Issuer
from roundtable.native import Engines, start_engines

Benchmark = Callable[[Ground], Awaitable[list[Figure]]]
BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "write-path": write_path.run,
    "relay": relay.run,
    "projector": projector.run,
    "peers": peers.run,
    "visible": visible.run,
    "secured": secured.run,
    "memory": memory.run,
    "sizes": sizes.run,
    "forces": forces.run,
    "rebuild": rebuild.run,
    "rebuild-under-load": rebuild_under_load.run,
}
FULL, QUICK = 5, 2
LONG: Final = frozenset({"memory", "peers", "rebuild-under-load", "secured"})
"""What is no part of a quick run: virtual machines have to get warm, leases have to run out, memory has to grow, much is measured twice."""


def main(
    *,
    quick: Annotated[bool, typer.Option(help="Fewer and smaller rounds; the report is printed and not written.")] = False,
    only: Annotated[str, typer.Option(help=f"Of these, separated by commas: {', '.join(BENCHMARKS)}; others stay as they were.")] = "",
) -> None:
    """Measure, and write `benchmarks/RESULTS.md` and its plot. Which aims are missed is said, and is no failure."""
    logs.configure("benchmarks", "ERROR", sys.stderr)
    names = only.split(",") if only else [name for name in BENCHMARKS if not quick or name not in LONG]
    if unknown := set(names) - BENCHMARKS.keys():
        raise typer.BadParameter(", ".join(sorted(unknown)), param_hint="--only")
    report = asyncio.run(_measure(names, quick=quick))
    typer.echo(report.text())
    for figure in missed(report.figures):
        _tell(f"missed: {figure.name}: {figure.judged:.2f}, aim {figure.aim}")


async def _measure(names: list[str], *, quick: bool) -> Report:
    """Run one benchmark after the other. What each found is kept at once, whatever becomes of the next."""
    report = Report({} if quick else {name: run for name, run in Report.kept(HERE).runs.items() if name not in names}, list(BENCHMARKS))
    with tempfile.TemporaryDirectory() as folder, start_engines(Path(folder), _tell) as engines:
        Issuer(engines.home).publish()
        for name in names:
            _tell(name)
            report = report.with_run(name, await _run(engines, name, quick=quick))
            if not quick:
                report.write(HERE)
    return report


async def _run(engines: Engines, name: str, *, quick: bool) -> Run:
    rounds, before = QUICK if quick else FULL, load()
    figures = await BENCHMARKS[name](Ground(engines, fresh_prefix(engines), rounds, quick, _tell))
    return Run(figures, described(), (before, load()))


def _tell(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    typer.run(main)
