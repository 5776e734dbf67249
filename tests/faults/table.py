"""The table of the matrix: what each row did, what the oracle said, how long recovery took, and whether its control bites."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path


from tests.faults.scene import Verdict

HEADINGS = ("row", "fault", "fired", "oracle", "recovery / bound", "control bites", "took")


@dataclass(frozen=True)
class Line:
    """One fault that was made, with its guard or, as a control, without it."""

    row: str
    fault: str
    fired: str
    oracle: str
    recovery: str
    control: str
    seconds: float


class Ledger:
    """Where the tests of a run note what they found; processes of one run share its file."""

    def __init__(self, file: Path, began: float) -> None:
        self._file = file
        self._began = began

    def fault(self, row: str, fault: str, fired: str, verdict: Verdict) -> None:
        """A fault fired, and this is what the oracle says; the test fails unless it holds."""
        oracle = "holds" if verdict.well else str(verdict)
        self._note(row, fault, fired, oracle, f"{verdict.recovery:.1f} s / {verdict.bound:g} s", "")
        assert verdict.well, verdict

    def control(self, row: str, guard: str, fired: str, differences: list[str]) -> None:
        """The same fault without a guard; the test fails unless something is found wrong."""
        first = differences[0] if differences else ""
        bites = f"{guard}: {len(differences)} × {first[:60]}" if differences else f"{guard}: DOES NOT BITE"
        self._note(row, "", fired, "", "", bites)
        assert differences, f"without its guard ({guard}) the row still holds"

    def _note(self, row: str, fault: str, fired: str, oracle: str, recovery: str, control: str) -> None:
        line = Line(row, fault, fired, oracle, recovery, control, round(time.monotonic() - self._began, 1))
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")


def lines(file: Path) -> list[Line]:
    """What was noted so far, in the order of the rows."""
    noted = [Line(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    return sorted(noted, key=lambda line: [int(part) if part.isdigit() else 0 for part in line.row.split(".")])


def printed(noted: list[Line]) -> list[str]:
    """The table, as lines of text."""
    rows = [HEADINGS, *((line.row, line.fault, line.fired, line.oracle, line.recovery, line.control, f"{line.seconds:g} s") for line in noted)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
