"""Browser sessions: a one-time code or an identity provider begins one. The database keeps hashes, never what was shown or set."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chassis.mongo import Document, Mongo
from chassis.principal import Principal, Role, grantable

COOKIE: Final = "roundtable_session"
LIFETIME: Final = timedelta(hours=8)
DATABASE: Final = "signin"
_SECRET_BYTES: Final = 32
_LONGEST_SECRET: Final = 200


@dataclass(frozen=True)
class Session:
    """Someone who is signed in. `secret` is the cookie's value, and stands in no record."""

    secret: str
    principal: Principal

    def __repr__(self) -> str:
        """Only the subject: a cookie stands in no log."""
        return f"Session({self.principal.subject})"

    @property
    def csrf(self) -> str:
        """What a form must carry to have come from a page of this session; of no use without the cookie."""
        return hmac.new(self.secret.encode(), b"form", hashlib.sha256).hexdigest()

    def vouches_for(self, token: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.csrf.encode(), token.encode())


class Sessions:
    """Redeems codes, finds and ends sessions."""

    def __init__(self, mongo: Mongo) -> None:
        self._codes = mongo.collection(DATABASE, "codes")
        self._sessions = mongo.collection(DATABASE, "sessions")

    async def redeem(self, code: str, now: datetime) -> Session | None:
        """A new session for a code that is good; the code is gone with that. None when it was used, or is too old."""
        if not _plausible(code):
            return None
        found = await self._codes.find_one_and_delete({"_id": _hash(code), "expires_at": {"$gt": now}})
        return None if found is None else await self._begin(found, now, LIFETIME)

    async def begin(self, principal: Principal, now: datetime, lifetime: timedelta) -> Session:
        """A new session for someone whom an identity provider has signed in."""
        grants = [{"force": force, "roles": sorted(roles)} for force, roles in principal.grants.items()]
        return await self._begin({"subject": principal.subject, "grants": grants}, now, lifetime)

    async def find(self, secret: str | None, now: datetime) -> Session | None:
        """The session of a cookie, or None when there is none, or it is over."""
        if secret is None or not _plausible(secret):
            return None
        found = await self._sessions.find_one({"_id": _hash(secret), "expires_at": {"$gt": now}})
        return None if found is None else _session(secret, found)

    async def end(self, secret: str) -> None:
        """End a session at once, wherever its cookie may still be."""
        await self._sessions.delete_one({"_id": _hash(secret)})

    async def indexes(self) -> None:
        """Let the database drop sessions that are over."""
        await self._sessions.create_index([("expires_at", 1)], name="expiry", expireAfterSeconds=0)

    async def _begin(self, who: Document, now: datetime, lifetime: timedelta) -> Session:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        known = {"subject": who["subject"], "grants": who["grants"], "created_at": now, "expires_at": now + lifetime}
        await self._sessions.insert_one({"_id": _hash(secret), **known})
        return _session(secret, known)


def _session(secret: str, stored: Mapping[str, Any]) -> Session:
    grants = {str(grant["force"]): _roles(str(grant["force"]), grant["roles"]) for grant in stored["grants"]}
    return Session(secret, Principal(subject=str(stored["subject"]), grants=grants, expires_at=stored["expires_at"]))


def _roles(force: str, named: Iterable[str]) -> frozenset[Role]:
    return grantable(force, frozenset(Role(name) for name in named if name in set(Role)))


def _plausible(secret: str) -> bool:
    return 0 < len(secret) <= _LONGEST_SECRET and secret.isascii()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
