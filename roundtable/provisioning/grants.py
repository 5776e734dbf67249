"""What the registry says of a subject's grant in a force: revoked, or not."""

from datetime import UTC, datetime
from typing import Any, Final

from roundtable.provisioning.desk import Provisioning


def revoke_grant(desk: Provisioning, subject: str, force: str) -> None:
    """End what a subject may do in a force; again changes nothing."""
    desk.database("registry")["grants"].update_one(_named(subject, force), revocation(subject, force, datetime.now(UTC)), upsert=True)


def restore_grant(desk: Provisioning, subject: str, force: str) -> bool:
    """Take a revocation back; tells whether there was one."""
    found = desk.database("registry")["grants"].update_one({**_named(subject, force), **_REVOKED}, RESTORATION)
    return bool(found.modified_count)


def revoked_grants(desk: Provisioning) -> set[tuple[str, str]]:
    """Subject and force of everything that is revoked."""
    return {(each["subject"], each["force"]) for each in desk.database("registry")["grants"].find(_REVOKED)}


def revocation(subject: str, force: str, now: datetime) -> list[dict[str, Any]]:
    """The update that revokes a grant, and that revokes a revoked one no further.

    No roles stand for every role, so that tokens are bound too whose grant no service has recorded. Those that were recorded are
    kept beside, for `restore`.
    """
    recorded = {"$cond": [_IS_REVOKED, {"$ifNull": ["$revoked_roles", []]}, {"$ifNull": ["$roles", []]}]}
    first = {"subject": subject, "force": force, "granted_at": {"$ifNull": ["$granted_at", now]}}
    return [{"$set": {**first, "revoked_roles": recorded, "revoked_at": now, "roles": []}}]


_REVOKED: Final = {"revoked_at": {"$ne": None}}
_IS_REVOKED: Final = {"$ne": [{"$ifNull": ["$revoked_at", None]}, None]}
_KEPT: Final = {"$ifNull": ["$revoked_roles", {"$ifNull": ["$roles", []]}]}
RESTORATION: Final[list[dict[str, Any]]] = [{"$set": {"roles": _KEPT, "revoked_at": None}}, {"$unset": "revoked_roles"}]
"""The update that puts the roles back which were revoked."""


def _named(subject: str, force: str) -> dict[str, Any]:
    return {"_id": f"{subject}:{force}"}
