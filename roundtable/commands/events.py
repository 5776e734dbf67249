"""`roundtable events tail`: prints events as they come, from the live stream."""

import json
from typing import Annotated

import typer

from contracts.forces import FORCES
from roundtable.commands.options import HomeOption
from roundtable.grants import Grant
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered
from roundtable.tail import Tail

app = typer.Typer(no_args_is_help=True, help="Watch events.")

_Force = Annotated[str | None, typer.Option("--force", help="Only this force's; without it, every registered one's.")]

_ROLES = ("subscriber", "reader", "sensitive_reader")


@app.callback()
def events() -> None:
    """Watch events."""


@app.command()
def tail(force: _Force = None, home: HomeOption = None) -> None:
    """Print each event as a line of JSON, until Ctrl-C; a lost connection is resumed where it broke."""
    with operator_desk(home) as desk:
        if force:
            require_registered(desk.provisioning, force)
        # Of every force there is, so that one that is registered later is followed too.
        grants = [Grant(slug, _ROLES) for slug in ([force] if force else FORCES)]
        stream = Tail(desk.home, desk.addresses.services["notifications"], grants)
    try:
        for event in stream.events(force):
            typer.echo(json.dumps(event))
    except KeyboardInterrupt:
        raise typer.Exit from None
