"""`roundtable grants`: lists the grants that services recorded, and revokes them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from roundtable.commands.options import ForceOption, HomeOption
from roundtable.errors import OperatorError
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered

app = typer.Typer(no_args_is_help=True, help="List grants and revoke them.")

_Subject = Annotated[str, typer.Argument(help="Whose grant it is.")]


def revocation(subject: str, force: str, now: datetime) -> list[dict[str, Any]]:
    """The update that revokes a grant, and that revokes a revoked one no further.

    No roles stand for every role, so that tokens are bound too whose grant no service has recorded. Those that were recorded are
    kept beside, for `restore`.
    """
    recorded = {"$cond": [_IS_REVOKED, {"$ifNull": ["$revoked_roles", []]}, {"$ifNull": ["$roles", []]}]}
    first = {"subject": subject, "force": force, "granted_at": {"$ifNull": ["$granted_at", now]}}
    return [{"$set": {**first, "revoked_roles": recorded, "revoked_at": now, "roles": []}}]


_IS_REVOKED: Final = {"$ne": [{"$ifNull": ["$revoked_at", None]}, None]}
_KEPT: Final = {"$ifNull": ["$revoked_roles", {"$ifNull": ["$roles", []]}]}
RESTORATION: Final[list[dict[str, Any]]] = [{"$set": {"roles": _KEPT, "revoked_at": None}}, {"$unset": "revoked_roles"}]
"""The update that puts the roles back which were revoked."""


@app.command()
def revoke(subject: _Subject, force: ForceOption, home: HomeOption = None) -> None:
    """End what a subject may do in a force: tokens count less from now on, subscriptions fall silent."""
    with operator_desk(home) as desk:
        require_registered(desk.provisioning, force)
        grants = desk.provisioning.database("registry")["grants"]
        now = datetime.now(UTC)
        grants.update_one({"_id": f"{subject}:{force}"}, revocation(subject, force, now), upsert=True)
    typer.echo(f"{subject} has no grant for {force} any more")


@app.command()
def restore(subject: _Subject, force: ForceOption, home: HomeOption = None) -> None:
    """Take a revocation back: tokens count in full again, and subscriptions are told again of what happens from now on."""
    with operator_desk(home) as desk:
        grants = desk.provisioning.database("registry")["grants"]
        found = grants.update_one({"_id": f"{subject}:{force}", "revoked_at": {"$ne": None}}, RESTORATION)
    if not found.modified_count:
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
