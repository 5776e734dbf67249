"""`roundtable forces`: adds a force while everything runs, and lists those that are registered."""

from typing import Annotated

import typer

from contracts.forces import FORCES
from roundtable.commands.options import HomeOption
from roundtable.errors import OperatorError
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import add_force, registered_forces

app = typer.Typer(no_args_is_help=True, help="Register forces and list them.")

_Slug = Annotated[str, typer.Argument(help="The force's police.uk slug, for example northamptonshire.")]


@app.command()
def add(slug: _Slug, home: HomeOption = None) -> None:
    """Register a force: its topic, access rules and key. The services serve it within 15 seconds."""
    if slug not in FORCES:
        message = f"{slug!r} is none of the 45 forces: {', '.join(FORCES)}"
        raise OperatorError(message)
    with operator_desk(home) as desk:
        add_force(desk.provisioning, slug)
    typer.echo(f"{slug} is registered")


@app.command("list")
def list_forces(home: HomeOption = None) -> None:
    """Print the slug, topic and name of every registered force."""
    with operator_desk(home) as desk:
        for force in registered_forces(desk.provisioning):
            typer.echo(f"{force['_id']}\t{force['topic']}\t{force['name']}")
