"""The report: a table of figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, in_unit


@dataclass(frozen=True)
class Report:
    figures: Sequence[Figure]
    quick: bool

    def text(self) -> str:
        return "\n".join(_row(figure) for figure in self.figures)

    def write(self, folder: Path) -> None:
        (folder / "RESULTS.md").write_text(self.text())


def _row(figure: Figure) -> str:
    ours = f"{figure.ours.name} {in_unit(figure.ours.median, figure.unit):.4g}{figure.unit}"
    beside = (
        ""
        if figure.beside is None
        else f"{figure.beside.name} {in_unit(figure.beside.median, figure.unit):.4g} ratio {figure.judged:.2f} ({min(figure.ratios):.2f}-{max(figure.ratios):.2f})"
    )
    return f"{figure.name}: {ours} | {beside} | {figure.aim} {figure.met}"
