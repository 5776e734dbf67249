"""One-time sign-in links: the code is shown once, the database keeps only its hash."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from roundtable.grants import ROLES, Grant
from roundtable.provisioning import Provisioning, registered_forces

VALID: Final = timedelta(seconds=60)


def every_grant(desk: Provisioning) -> list[Grant]:
    """Every role in every registered force."""
    return [Grant(force["_id"], ROLES) for force in registered_forces(desk)]


def sign_in_link(desk: Provisioning, dashboard: str, subject: str, grants: Iterable[Grant]) -> str:
    """A link that signs a browser in once, within a minute."""
    code = secrets.token_urlsafe(32)
    codes = desk.database("signin")["codes"]
    codes.create_index("expires_at", expireAfterSeconds=0)
    codes.insert_one(
        {
            "_id": hashlib.sha256(code.encode()).hexdigest(),
            "subject": subject,
            "grants": [grant.as_claim() for grant in grants],
            "expires_at": datetime.now(UTC) + VALID,
        }
    )
    return f"{dashboard}/sign-in?code={code}"
