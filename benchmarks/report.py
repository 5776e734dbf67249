"""The report: figures beside what they are compared with, why they are so, and the machine. No number is typed by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from pydantic import TypeAdapter

from benchmarks.figures import Figure, Unit, in_unit
from benchmarks.plot import drawn

HERE: Final = Path(__file__).parent
MEASURED: Final = "results.json"
RESULTS: Final = "RESULTS.md"
PLOT: Final = "results.svg"
_HEAD: Final = "| figure | ours | beside | ratio (lowest to highest; rounds) | aim | reached |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Run:
    """What one benchmark found.

    Attributes:
        figures: in the order of the table.
        machine: what it ran on.
        load: how many processes waited for a processor, on average, when it began and when it ended.
    """

    figures: list[Figure]
    machine: str
    load: tuple[float, float]


_RUNS: Final = TypeAdapter(dict[str, Run])


@dataclass(frozen=True)
class Report:
    """What was found by benchmarks, each by its name, and the order in which they are told."""

    runs: Mapping[str, Run]
    order: Sequence[str] = ()

    @classmethod
    def kept(cls, folder: Path) -> Self:
        """What earlier runs found; empty where there was none."""
        measured = folder / MEASURED
        return cls(_RUNS.validate_json(measured.read_bytes()) if measured.exists() else {})

    def with_run(self, name: str, run: Run) -> Self:
        """The report with one more benchmark."""
        every = {**self.runs, name: run}
        return replace(self, runs={each: every[each] for each in self.order if each in every})

    @property
    def figures(self) -> list[Figure]:
        """Those of all benchmarks."""
        return [figure for run in self.runs.values() for figure in run.figures]

    def text(self) -> str:
        """The report as Markdown; what `about.md` says of a figure stands below the table."""
        about = (HERE / "about.md").read_text()
        said = "Written by `make bench`; each figure was measured in one run beside its ceiling, and shown are medians of its rounds."
        table = "\n".join([_HEAD, *map(_row, self.figures)])
        machines = sorted({run.machine for run in self.runs.values()})
        waited = f"Processes that ran or waited, as each began and ended: {self._load()}."
        plot = f"![Ratios to what each figure stands beside]({PLOT})"
        return "\n\n".join(["# Benchmarks", said, *machines, table, waited, plot, about.strip()]) + "\n"

    def write(self, folder: Path) -> None:
        """Write what was measured, the report and its plot."""
        (folder / MEASURED).write_bytes(_RUNS.dump_json(dict(self.runs), indent=1) + b"\n")
        (folder / RESULTS).write_text(self.text())
        (folder / PLOT).write_text(drawn(self.figures))

    def _load(self) -> str:
        return ", ".join(f"{name} {run.load[0]:.1f} to {run.load[1]:.1f}" for name, run in self.runs.items())


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """Those that do not reach their aim."""
    return [figure for figure in figures if figure.met is False]


def _row(figure: Figure) -> str:
    return f"| {' | '.join(_cells(figure))} |"


def _cells(figure: Figure) -> Iterator[str]:
    yield figure.name
    yield f"{shown(figure.ours.median, figure.unit)} ({figure.ours.name})"
    yield "" if figure.beside is None else f"{shown(figure.beside.median, figure.unit)} ({figure.beside.name})"
    yield f"{figure.judged:.2f} ({min(figure.ratios):.2f} to {max(figure.ratios):.2f}; {len(figure.ratios)})" if figure.ratios else ""
    yield "" if figure.aim is None else f"{figure.aim}{'' if figure.ratios else f' {figure.unit}'}"
    yield {True: "yes", False: "no", None: ""}[figure.met]


def shown(value: float, unit: Unit) -> str:
    """A value of three digits, with its unit: `1,840 /s`, `2.31 ms`."""
    number = in_unit(value, unit)
    digits = f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004 - three digits
    return f"{digits} {unit}"
