"""The table of the matrix: what each row did, what the oracle said, how long recovery took, and whether its control bites."""

import logging
import time
from dataclasses import dataclass

from tests.faults.scene import Verdict

log = logging.getLogger(__name__)
_LAST = 99
"""Where what is not a row of the matrix stands."""
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
    """Where the tests of a run note what they found.

    Args:
        noted: the lines of the run so far.
    """

    def __init__(self, noted: list[Line]) -> None:
        self._noted = noted
        self._began = time.monotonic()

    def fault(self, row: str, fault: str, fired: str, verdict: Verdict) -> None:
        """A fault fired, and this is what the oracle says; the test fails unless it holds."""
        oracle = "holds, verify is clean" if verdict.well else str(verdict)[:80]
        self._note(row, fault, fired, oracle, f"{verdict.recovery:.1f} s / {verdict.bound:g} s", "")
        assert verdict.well, verdict

    def control(self, row: str, guard: str, fired: str, differences: list[str]) -> None:
        """The same fault without a guard; the test fails unless something is found wrong."""
        bites = f"yes: {len(differences)} x {differences[0][:56]}" if differences else "NO"
        self._note(row, f"  without guard: {guard}", fired, "", "", bites)
        assert differences, f"without its guard ({guard}) the row still holds"

    def _note(self, row: str, fault: str, fired: str, oracle: str, recovery: str, control: str) -> None:
        line = Line(row, fault, fired, oracle, recovery, control, round(time.monotonic() - self._began, 1))
        self._noted.append(line)
        log.info("%s", line)


def printed(noted: list[Line]) -> list[str]:
    """The table, as lines of text."""
    in_order = sorted(noted, key=lambda line: int(line.row) if line.row.isdigit() else _LAST)
    cells = ((line.row, line.fault, line.fired, line.oracle, line.recovery, line.control, f"{line.seconds:g} s") for line in in_order)
    rows = [HEADINGS, *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
