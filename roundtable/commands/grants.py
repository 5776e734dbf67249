"""`roundtable grants`: lists the grants that services recorded, and revokes them."""

from typing import Annotated, Any

import typer

from roundtable.commands.options import ForceOption, HomeOption
from roundtable.errors import OperatorError
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered
from roundtable.provisioning.grants import restore_grant, revoke_grant

app = typer.Typer(no_args_is_help=True, help="List grants and revoke them.")

_Subject = Annotated[str, typer.Argument(help="Whose grant it is.")]


@app.command()
def revoke(subject: _Subject, force: ForceOption, home: HomeOption = None) -> None:
    """End what a subject may do in a force: tokens count less from now on, subscriptions fall silent."""
    with operator_desk(home) as desk:
        require_registered(desk.provisioning, force)
        revoke_grant(desk.provisioning, subject, force)
    typer.echo(f"{subject} has no grant for {force} any more")


@app.command()
def restore(subject: _Subject, force: ForceOption, home: HomeOption = None) -> None:
    """Take a revocation back: tokens count in full again, and subscriptions are told again of what happens from now on."""
    with operator_desk(home) as desk:
        restored = restore_grant(desk.provisioning, subject, force)
    if not restored:
        message = f"nothing is revoked of {subject} for {force}"
        raise OperatorError(message)
    typer.echo(f"what was revoked of {subject} for {force} counts again")


@app.command("list")
def list_grants(home: HomeOption = None) -> None:
    """Print subject, force, roles and state of every recorded grant."""
    with operator_desk(home) as desk:
        for grant in desk.provisioning.database("registry")["grants"].find().sort("_id"):
            revoked = grant["revoked_at"]
            state = f"revoked {revoked:%Y-%m-%dT%H:%M:%SZ}" if revoked else "valid"
            typer.echo(f"{grant['subject']}\t{grant['force']}\t{_roles(grant)}\t{state}")


def _roles(grant: dict[str, Any]) -> str:
    """No roles are all of them where they are revoked, and none where they are granted."""
    return ",".join(grant["roles"]) or ("every role" if grant["revoked_at"] else "no role")
