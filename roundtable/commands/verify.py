"""`roundtable verify`: compares log, owners, read model, figures and deliveries, and names every difference."""

import json
from typing import Annotated

import typer

from roundtable.commands.options import HomeOption
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered

_Force = Annotated[str | None, typer.Option("--force", help="Only this force; without it, every registered one.")]
_Json = Annotated[bool, typer.Option("--json", help="Print it for a program to read.")]
_COLOURS = {"ok": typer.colors.GREEN, "note": typer.colors.YELLOW, "wait": typer.colors.YELLOW, "FAIL": typer.colors.RED}


def verify_everything(force: _Force = None, home: HomeOption = None, as_json: _Json = False) -> None:  # noqa: FBT002 - typer's flag
    """Compare everything with the log, from its first event on. The exit status is 0 only when nothing differs and nothing is parked."""
    # It folds with the services' own code: half a second that no other command need wait for.
    from roundtable import verification  # noqa: PLC0415 - as said above

    with operator_desk(home) as desk:
        if force:
            require_registered(desk.provisioning, force)
        report = verification.verify(desk, [force] if force else [])
    if as_json:
        typer.echo(json.dumps(verification.as_json(report), indent=2))
    else:
        for state, line in verification.as_lines(report):
            typer.echo(f"{typer.style(f'{state:<4}', fg=_COLOURS[state])}  {line}" if state else line)
    raise typer.Exit(0 if report.is_clean else 1)
