"""`roundtable grants`: lists the grants that services recorded, and revokes them."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from roundtable.commands.options import ForceOption, HomeOption
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
        # A revocation also binds a token whose grant no service has recorded.
        first = {"subject": subject, "force": force, "roles": [], "granted_at": now}
        change = {"$set": {"revoked_at": now}, "$setOnInsert": first}
        grants.update_one({"_id": f"{subject}:{force}"}, change, upsert=True)
    typer.echo(f"{subject} has no grant for {force} any more")


@app.command("list")
def list_grants(home: HomeOption = None) -> None:
    """Print subject, force, roles and state of every recorded grant."""
    with operator_desk(home) as desk:
        for grant in desk.provisioning.database("registry")["grants"].find().sort("_id"):
            revoked = grant["revoked_at"]
            state = f"revoked {revoked:%Y-%m-%dT%H:%M:%SZ}" if revoked else "valid"
            typer.echo(f"{grant['subject']}\t{grant['force']}\t{','.join(grant['roles'])}\t{state}")
