"""`roundtable events tail`: prints events as they come, from the live stream."""

import json
from typing import Annotated

import typer

from roundtable.commands.options import HomeOption
from roundtable.grants import Grant
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import registered_forces, require_registered
from roundtable.tail import Tail

app = typer.Typer(no_args_is_help=True, help="Watch events.")

_Force = Annotated[str | None, typer.Option("--force", help="Only this force's; without it, every registered one's.")]
_ROLES = ("reader", "sensitive_reader", "subscriber")


@app.callback()
def events() -> None:
    """Watch events."""


@app.command()
def tail(force: _Force = None, home: HomeOption = None) -> None:
    """Print each event as a line of JSON, until Ctrl-C; a lost connection is resumed where it broke."""
    with operator_desk(home) as desk:
        if force:
            require_registered(desk.provisioning, force)
        slugs = [force] if force else [line["_id"] for line in registered_forces(desk.provisioning)]
        stream = Tail(desk.home, desk.addresses.services["notifications"], [Grant(slug, _ROLES) for slug in slugs])
    try:
        for event in stream.events(force):
            typer.echo(json.dumps(event))
    except KeyboardInterrupt:
        raise typer.Exit from None
