"""Who asks: a bearer JWT, verified by the issuer's keys, and the grants that it carries."""

import hashlib
import json
import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from chassis.jwks import KeySource
from chassis.problems import Refusal, away

LEEWAY_SECONDS: Final = 30
EVERY_FORCE: Final = "*"
_CACHED: Final = 4096
_LONGEST_TOKEN: Final = 16 * 1024
_LONGEST_SUBJECT: Final = 200
_MOST_GRANTS: Final = 200
_UNVERIFIABLE: Final = "Tokens cannot be verified for now"
_END_OF_TIME: Final = 253_402_300_799
_GARBAGE: Final = (JoseError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What reading a token that is none can raise: the library expects a header that is an object of strings."""


class Role(StrEnum):
    """What a grant lets its holder do in a force."""

    READER = "reader"
    SENSITIVE_READER = "sensitive_reader"
    RECORDER = "recorder"
    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"
    OPERATOR = "operator"
    CONTROLLER = "controller"


READING: Final = frozenset({Role.READER, Role.SENSITIVE_READER})
"""The roles that may be granted for every force at once."""


@dataclass(frozen=True)
class Principal:
    """Who asks, and what the token grants. What is revoked and which forces exist, the registry knows."""

    subject: str
    grants: Mapping[str, frozenset[Role]]
    expires_at: datetime


def utc_now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


class Authenticator:
    """Verifies tokens: ES256 alone, of one issuer for one audience.

    What was verified is remembered by the token's hash until the issuer's keys change; expiry is checked every time.
    """

    def __init__(self, keys: KeySource, issuer: str, audience: str, now: Callable[[], datetime] = utc_now) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._known: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._generation = -1

    async def principal(self, authorization: str | None) -> Principal:
        """The principal of an `Authorization` header.

        Raises:
            Refusal: 401 without a valid bearer token; 503 when there is no key set to verify it by.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _without_token()
        return await self.verify(token)

    async def verify(self, token: str) -> Principal:
        """The principal of a token.

        Raises:
            Refusal: as `principal`.
        """
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise _not_valid()
        generation = await self._keys.current()
        if generation != self._generation:
            self._known.clear()
            self._generation = generation
        name = hashlib.sha256(token.encode()).digest()
        principal, not_before = self._known.get(name) or await self._verified(token)
        self._in_time(principal, not_before)
        self._remember(name, principal, not_before)
        return principal

    def _remember(self, name: bytes, principal: Principal, not_before: float) -> None:
        self._known[name] = (principal, not_before)
        self._known.move_to_end(name)
        if len(self._known) > _CACHED:
            self._known.popitem(last=False)

    def _in_time(self, principal: Principal, not_before: float) -> None:
        now = self._now().timestamp()
        expired = now > principal.expires_at.timestamp() + LEEWAY_SECONDS
        if expired or now < not_before - LEEWAY_SECONDS:
            why = "it has expired" if expired else "not yet"
            raise _not_valid(why)

    async def _verified(self, token: str) -> tuple[Principal, float]:
        try:
            header = jws.extract_compact(token.encode()).headers()
            kid = header.get("kid")
            key = await self._keys.find(kid if isinstance(kid, str) else None)
            if key is None and not self._keys.loaded:
                raise away(_UNVERIFIABLE)
            if key is None or not isinstance(kid, str | None):
                raise _not_valid()
            claims = json.loads(jws.deserialize_compact(token, key, algorithms=["ES256"]).payload or b"")
            return self._read(claims)
        except _GARBAGE as error:
            raise _not_valid() from error

    def _read(self, claims: Mapping[str, Any]) -> tuple[Principal, float]:
        audience = claims["aud"]
        if claims["iss"] != self._issuer or self._audience not in (audience if isinstance(audience, list) else [audience]):
            message = "another issuer or audience"
            raise ValueError(message)
        expires = datetime.fromtimestamp(_seconds(claims["exp"]), UTC)
        return Principal(_subject(claims["sub"]), _grants(claims["grants"]), expires), _seconds(claims.get("nbf", 0))


def _seconds(value: Any) -> float:  # noqa: ANN401 - whatever a token claims
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= _END_OF_TIME:
        message = "not a time"
        raise ValueError(message)
    return float(value)


def _subject(value: Any) -> str:  # noqa: ANN401 - a value of any type
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_SUBJECT or not value.isprintable():
        message = "not a subject"
        raise ValueError(message)
    return value


def _grants(value: Any) -> dict[str, frozenset[Role]]:  # noqa: ANN401 - a value of any type
    if not isinstance(value, list) or len(value) > _MOST_GRANTS:
        message = "grants are a list"
        raise ValueError(message)
    found: defaultdict[str, frozenset[Role]] = defaultdict(frozenset)
    for grant in value:
        force, roles = grant["force"], grant["roles"]
        if not isinstance(force, str) or not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            message = "a grant is a force and a list of roles"
            raise ValueError(message)
        # A role that this version does not know grants nothing here; the others still count.
        known = frozenset(Role(role) for role in roles if role in set(Role))
        found[force] |= known & READING if force == EVERY_FORCE else known
    return dict(found)


def _without_token() -> Refusal:
    return Refusal(401, "unauthenticated", "Send a bearer token in the Authorization header, once", headers={"WWW-Authenticate": "Bearer"})


def _not_valid(why: str | None = None) -> Refusal:
    detail = f"The token is not valid: {why}" if why else "The token is not valid"
    return Refusal(401, "unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
