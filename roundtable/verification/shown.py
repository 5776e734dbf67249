"""How a report is told: as lines for people, as JSON for programs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Final

from roundtable.verification.report import ALLOWED, EXPLAINED, Kind, Report, Section

_SAID: Final[Mapping[Kind, str]] = {Kind.REFERENCES: "lead nowhere", Kind.PARKED: "wait", Kind.DISCARDED: "given up"}
"""What is said of so many of a kind, where it is not that they differ."""


def as_json(report: Report) -> dict[str, object]:
    """`clean`; `explained`, when nothing differs but what is parked; of each kind what was compared, what differs and what is named."""
    kinds = {kind: asdict(section) | {"more": section.more} for kind, section in report.sections.items()}
    return {"clean": report.is_clean, "explained": report.is_explained, "kinds": kinds}


def as_lines(report: Report) -> Iterator[tuple[str, str]]:
    """A line for each kind and for each difference that is named; its state (`ok`, `note`, `wait`, `FAIL`, or nothing) and the rest."""
    for kind, section in report.sections.items():
        counts = f"{section.compared} compared, {section.differences} {_SAID.get(kind, 'differ')}"
        yield _state(kind, section), f"{kind:<{max(map(len, Kind))}}  {counts}"
    for kind, section in report.sections.items():
        yield from (("", f"{kind}: {difference}") for difference in section.named)
        if section.more:
            yield "", f"{kind}: and {section.more} more"
    if report.is_explained and not report.is_clean:
        yield "", "nothing differs but for what is parked: `roundtable parked list` shows it, and what redrives it"


def _state(kind: Kind, section: Section) -> str:
    if not section.differences:
        return "ok"
    if kind in ALLOWED:
        return "note"
    return "wait" if kind in EXPLAINED else "FAIL"
