"""`roundtable verify`: compares log, owners, read model, figures and deliveries, and names every difference."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from roundtable.commands.options import HomeOption
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered
from roundtable.verification import Report, verify
from roundtable.verification.report import ALLOWED, Kind, Section

_Force = Annotated[str | None, typer.Option("--force", help="Only this force; without it, every registered one.")]
_Json = Annotated[bool, typer.Option("--json", help="Print it for a program to read.")]
_COLOURS = {"ok": typer.colors.GREEN, "note": typer.colors.YELLOW, "FAIL": typer.colors.RED}


def verify_everything(force: _Force = None, home: HomeOption = None, as_json: _Json = False) -> None:  # noqa: FBT002 - typer's flag
    """Compare everything with the log, from its first event on. The exit status is 0 only when nothing differs."""
    with operator_desk(home) as desk:
        if force:
            require_registered(desk.provisioning, force)
        report = verify(desk, [force] if force else [])
    if as_json:
        typer.echo(json.dumps(told(report), indent=2))
    else:
        _show(report)
    raise typer.Exit(0 if report.is_clean else 1)


def told(report: Report) -> dict[str, object]:
    """The report as JSON: `clean`, and of each kind what was compared, what differs, what is named and how much more there is."""
    kinds = {kind: asdict(section) | {"more": section.more} for kind, section in report.sections.items()}
    return {"clean": report.is_clean, "kinds": kinds}


def _show(report: Report) -> None:
    for kind, section in report.sections.items():
        state = _state(kind, section)
        counts = f"{section.compared} compared, {section.differences} {'lead nowhere' if kind in ALLOWED else 'differ'}"
        typer.echo(f"{typer.style(f'{state:<4}', fg=_COLOURS[state])}  {kind:<{max(map(len, Kind))}}  {counts}")
    for kind, section in report.sections.items():
        for difference in section.named:
            typer.echo(f"{kind}: {difference}")
        if section.more:
            typer.echo(f"{kind}: and {section.more} more")


def _state(kind: Kind, section: Section) -> str:
    if not section.differences:
        return "ok"
    return "note" if kind in ALLOWED else "FAIL"
