"""The report: figures beside what they are compared with, why they are so, and the machine. No number is typed by hand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, Unit, in_unit
from benchmarks.machine import described
from benchmarks.plot import drawn

HERE: Final = Path(__file__).parent
RESULTS: Final = "RESULTS.md"
PLOT: Final = "results.svg"
_HEAD: Final = "| figure | ours | beside | ratio (lowest to highest round) | aim | reached |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Report:
    """What a run of the benchmarks found.

    Attributes:
        figures: in the order of the table.
        rounds: how often each contender was measured.
        load: how many processes waited for a processor, on average, when the run began and when it ended.
    """

    figures: Sequence[Figure]
    rounds: int
    load: tuple[float, float]

    def text(self) -> str:
        """The report as Markdown; what `about.md` says of a figure stands below the table."""
        about = (HERE / "about.md").read_text()
        measured = f"Medians of {self.rounds} rounds. {described()} Load: {self.load[0]:.1f} at the start, {self.load[1]:.1f} at the end."
        table = "\n".join([_HEAD, *map(_row, self.figures)])
        parts = ["# Benchmarks", "Written by `make bench`; each figure was measured in one run beside its ceiling.", measured, table]
        return "\n\n".join([*parts, f"![Ratios to what each figure stands beside]({PLOT})", about.strip()]) + "\n"

    def write(self, folder: Path) -> None:
        """Write the report and its plot."""
        (folder / RESULTS).write_text(self.text())
        (folder / PLOT).write_text(drawn(self.figures))


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """Those that do not reach their aim."""
    return [figure for figure in figures if figure.met is False]


def _row(figure: Figure) -> str:
    return f"| {' | '.join(_cells(figure))} |"


def _cells(figure: Figure) -> Iterator[str]:
    yield figure.name
    yield f"{shown(figure.ours.median, figure.unit)} ({figure.ours.name})"
    yield "" if figure.beside is None else f"{shown(figure.beside.median, figure.unit)} ({figure.beside.name})"
    yield f"{figure.judged:.2f} ({min(figure.ratios):.2f} to {max(figure.ratios):.2f})" if figure.ratios else ""
    yield "" if figure.aim is None else f"{figure.aim}{'' if figure.ratios else f' {figure.unit}'}"
    yield {True: "yes", False: "no", None: ""}[figure.met]


def shown(value: float, unit: Unit) -> str:
    """A value of three digits, with its unit: `1,840 /s`, `2.31 ms`."""
    number = in_unit(value, unit)
    digits = f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004 - three digits
    return f"{digits} {unit}"
