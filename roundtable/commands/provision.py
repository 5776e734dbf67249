"""`roundtable provision`: identities in the engines, of those who read a force's events from Kafka themselves and of the services."""

from typing import Annotated

import typer

from roundtable.commands import desired
from roundtable.commands.options import ForceOption, HomeOption
from roundtable.deployed.engines import provision_engines
from roundtable.deployed.settings import Deployment
from roundtable.home import Home
from roundtable.operator_desk import operator_desk
from roundtable.provisioning.consumers import forces_lost, forget_properties, provision_consumer
from roundtable.provisioning.revoking import revoke_consumer as take_away

app = typer.Typer(no_args_is_help=True, help="Make identities in Kafka and MongoDB, or all of an installation from a reviewed file.")
app.command()(desired.apply)
app.command()(desired.show)

_Name = Annotated[str, typer.Argument(help="The identity's name, which is its consumer group's too.")]


@app.command()
def engines(home: HomeOption = None) -> None:
    """Make Kafka and MongoDB of a deployment ready for its services: replica set, identities, access rules."""
    provision_engines(Home.chosen(home), Deployment.required())


@app.command()
def consumer(name: _Name, force: ForceOption, home: HomeOption = None) -> None:
    """Print the client.properties of an identity that may read this force's topic and nothing else.

    Again for the same name gives it a new password; for another force, it reads that one instead.
    """
    with operator_desk(home) as desk:
        lost = forces_lost(desk.provisioning, name, force)
        password = provision_consumer(desk.provisioning, name, force)
        forget_properties(desk.home.consumers, name)
        typer.echo(desk.client_properties(name, password))
    for each in lost:
        typer.echo(f"roundtable: {name} may no longer read {each}: an identity reads one force", err=True)


@app.command()
def revoke_consumer(name: _Name, home: HomeOption = None) -> None:
    """End a consumer's identity: what it has open is refused within seconds, and it signs in no more. Again changes nothing.

    Whoever should read on under the same name is given an identity anew, by `provision consumer`.
    """
    with operator_desk(home) as desk:
        done = take_away(desk.provisioning, name)
        forget_properties(desk.home.consumers, name)
    typer.echo(f"{name} was revoked before" if done.again else f"{name} may read nothing and sign in no more")
    for group, why in done.groups_left.items():
        typer.echo(f"roundtable: the group {group} is left ({why}): the same command removes it within a minute", err=True)
