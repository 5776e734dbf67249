"""Who asks: a bearer JWT, verified by its issuer's keys, and the grants that it carries."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from chassis.health import Unready
from chassis.jwks import Key
from chassis.principal import Principal
from chassis.problems import Refusal, away
from chassis.trust import Trusted

LEEWAY_SECONDS: Final = 30
_CACHED: Final = 4096
_LONGEST_TOKEN: Final = 16 * 1024
_UNVERIFIABLE: Final = "Tokens cannot be verified for now"
_GARBAGE: Final = (JoseError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What reading a token that is none can raise: the library expects a header that is an object of strings."""


def utc_now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Verified:
    """What a token was found to be, by the keys of that generation."""

    trusted: Trusted
    generation: int
    principal: Principal
    not_before: float


class Authenticator:
    """Verifies tokens of the issuers that are trusted, each by its own keys and algorithms.

    What was verified is remembered by the token's hash until its issuer's keys change; expiry is checked every time.
    """

    def __init__(self, trusted: Sequence[Trusted], now: Callable[[], datetime] = utc_now) -> None:
        self._trusted = {each.issuer: each for each in trusted}
        self._now = now
        self._known: OrderedDict[bytes, _Verified] = OrderedDict()

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
        name = hashlib.sha256(token.encode()).digest()
        known = self._known.get(name)
        if known is None or known.generation != await known.trusted.keys.current():
            known = await self._verified(token)
        self._in_time(known.principal, known.not_before)
        self._remember(name, known)
        return known.principal

    async def probe(self) -> None:
        """Return when the tokens of an issuer can be verified. One that is away shuts nobody out who signs in elsewhere.

        Raises:
            Unready: there is no key set at all.
        """
        sets = [each.keys for each in self._trusted.values()]
        if any(each.loaded for each in sets):
            return
        troubles = await asyncio.gather(*(each.lacks() for each in sets))
        if all(troubles):
            raise Unready("; ".join(filter(None, troubles)))

    def _remember(self, name: bytes, known: _Verified) -> None:
        self._known[name] = known
        self._known.move_to_end(name)
        if len(self._known) > _CACHED:
            self._known.popitem(last=False)

    def _in_time(self, principal: Principal, not_before: float) -> None:
        now = self._now().timestamp()
        expired = now > principal.expires_at.timestamp() + LEEWAY_SECONDS
        if expired or now < not_before - LEEWAY_SECONDS:
            why = "it has expired" if expired else "not yet"
            raise _not_valid(why)

    async def _verified(self, token: str) -> _Verified:
        try:
            unverified = jws.extract_compact(token.encode())
            header = unverified.headers()
            trusted = self._trusted.get(json.loads(unverified.payload)["iss"])
            # No extension is understood here, whatever it is (RFC 7515, section 4.1.11).
            if trusted is None or "crit" in header:
                raise _not_valid()
            key = await _key_of(trusted, header.get("kid"))
            claims = json.loads(jws.deserialize_compact(token, key, algorithms=[*trusted.algorithms]).payload or b"")
            return _Verified(trusted, trusted.keys.generation, *trusted.principal(claims))
        except _GARBAGE as error:
            raise _not_valid() from error


async def _key_of(trusted: Trusted, kid: Any) -> Key:  # noqa: ANN401 - whatever a header names
    if not isinstance(kid, str | None):
        raise _not_valid()
    key = await trusted.keys.find(kid)
    if key is None:
        raise _not_valid() if trusted.keys.loaded else away(_UNVERIFIABLE)
    return key


def _without_token() -> Refusal:
    return Refusal(401, "unauthenticated", "Send a bearer token in the Authorization header, once", headers={"WWW-Authenticate": "Bearer"})


def _not_valid(why: str | None = None) -> Refusal:
    detail = f"The token is not valid: {why}" if why else "The token is not valid"
    return Refusal(401, "unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
