"""`roundtable grants`: lists the grants that services recorded, and revokes them."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from roundtable.commands.options import ForceOption, HomeOption
from roundtable.errors import OperatorError
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered

app = typer.Typer(no_args_is_help=True, help="List grants and revoke them.")

_Subject = Annotated[str, typer.Argument(help="Whose grant it is.")]


@app.command()
def revoke(subject: _Subject, force: ForceOption, home: HomeOption = None) -> None:
    """End what a subject may do in a force: tokens count less from now on, subscriptions fall silent."""
    with operator_desk(home) as desk:
        require_registered(desk.provisioning, force)
        grants = desk.provisioning.database("registry")["grants"]
        now = datetime.now(UTC)
        # No roles stand for every role. It also binds tokens whose grant no service has recorded.
        first = {"subject": subject, "force": force, "granted_at": now}
        change = {"$set": {"revoked_at": now, "roles": []}, "$setOnInsert": first}
        grants.update_one({"_id": f"{subject}:{force}"}, change, upsert=True)
    typer.echo(f"{subject} has no grant for {force} any more")


@app.command()
def restore(subject: _Subject, force: ForceOption, home: HomeOption = None) -> None:
    """Take a revocation back: tokens count in full again; a subscription that fell silent is made anew."""
    with operator_desk(home) as desk:
        grants = desk.provisioning.database("registry")["grants"]
        found = grants.delete_one({"_id": f"{subject}:{force}", "revoked_at": {"$ne": None}})
    if not found.deleted_count:
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
            typer.echo(f"{grant['subject']}\t{grant['force']}\t{','.join(grant['roles']) or 'every role'}\t{state}")
