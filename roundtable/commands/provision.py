"""`roundtable provision`: identities for those who read a force's events from Kafka themselves."""

from typing import Annotated

import typer

from roundtable.commands.options import ForceOption, HomeOption
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import provision_consumer
from roundtable.provisioning.consumers import client_properties, forces_lost

app = typer.Typer(no_args_is_help=True, help="Make Kafka identities for partners.")

_Name = Annotated[str, typer.Argument(help="The identity's name, which is its consumer group's too.")]


@app.callback()
def provision() -> None:
    """Make Kafka identities for partners."""


@app.command()
def consumer(name: _Name, force: ForceOption, home: HomeOption = None) -> None:
    """Print the client.properties of an identity that may read this force's topic and nothing else.

    Again for the same name gives it a new password; for another force, it reads that one instead.
    """
    with operator_desk(home) as desk:
        lost = forces_lost(desk.provisioning, name, force)
        password = provision_consumer(desk.provisioning, name, force)
        typer.echo(client_properties(desk.addresses.bootstrap_servers, name, password))
    for each in lost:
        typer.echo(f"roundtable: {name} may no longer read {each}: an identity reads one force", err=True)
