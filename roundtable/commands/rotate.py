"""`roundtable rotate`: new secrets for everyone who has one, while everything runs."""

from typing import Annotated

import typer

from roundtable import rotation
from roundtable.commands.options import ForceOption, HomeOption
from roundtable.operator_desk import operator_alone

app = typer.Typer(no_args_is_help=True, help="Exchange passwords, certificates and keys, while everything runs.")

_Forget = Annotated[bool, typer.Option("--forget", help="End what the one before still opens.")]


@app.command()
def passwords(home: HomeOption = None) -> None:
    """Give every identity of Kafka and MongoDB a new password."""
    with operator_alone(home) as desk:
        rotation.rotate_passwords(desk, typer.echo)


@app.command()
def certificates(home: HomeOption = None) -> None:
    """Give Kafka and MongoDB new keys and certificates."""
    with operator_alone(home) as desk:
        rotation.rotate_certificates(desk, typer.echo)


@app.command()
def authority(home: HomeOption = None, forget: _Forget = False) -> None:  # noqa: FBT002 - typer's flag
    """Have those certificates signed by a new authority; the one before is trusted until `--forget`."""
    with operator_alone(home) as desk:
        (rotation.forget_authority if forget else rotation.rotate_authority)(desk, typer.echo)


@app.command()
def keys(force: ForceOption, home: HomeOption = None) -> None:
    """Wrap everything that seals a force's records by a new key."""
    # It reads keys with the services' own code: half a second that no other command need wait for.
    from roundtable.rotation.keys import rotate_keys  # noqa: PLC0415 - as said above

    with operator_alone(home) as desk:
        rotate_keys(desk, force, typer.echo)


@app.command()
def issuer(home: HomeOption = None, forget: _Forget = False) -> None:  # noqa: FBT002 - typer's flag
    """Sign the demonstration's tokens with a new key; those of before are good until `--forget`."""
    with operator_alone(home) as desk:
        (rotation.forget_issuer_key if forget else rotation.rotate_issuer_key)(desk, typer.echo)


@app.command()
def keyfile(home: HomeOption = None, forget: _Forget = False) -> None:  # noqa: FBT002 - typer's flag
    """Have MongoDB's members know each other by a new secret, from their next start on."""
    with operator_alone(home) as desk:
        (rotation.forget_keyfile if forget else rotation.rotate_keyfile)(desk, typer.echo)


@app.command()
def controller(home: HomeOption = None) -> None:
    """Give Kafka's nodes a new password for each other, from their next start on."""
    with operator_alone(home) as desk:
        rotation.rotate_controller(desk, typer.echo)
