"""Whose tokens count: each issuer with its keys, its algorithms, its audience, and the forces that it may speak for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chassis import claims as read
from chassis.claims import Grants
from chassis.jwks import KeySource
from chassis.principal import Principal

DEMONSTRATION = "urn:roundtable:demonstration"
"""The issuer whose key lies in the data folder of a deployment: whoever reads that folder is trusted with everything."""


def own_grants(claims: Mapping[str, Any]) -> Grants:
    """The claim `grants`."""
    return read.grants(claims["grants"])


@dataclass(frozen=True)
class Trusted:
    """An issuer whose tokens count.

    Attributes:
        issuer: what its tokens name as `iss`.
        audience: what they must name as `aud`.
        algorithms: by which they may be signed.
        keys: what they are verified by.
        name: what stands before its subjects, for two issuers may each have an "ada"; of the only issuer of a deployment, nothing.
        forces: those that it may grant roles in, with `*` for the view of all; None for every force.
        required: claims that must hold exactly this.
        granted: what the claims grant.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    keys: KeySource
    name: str = ""
    forces: frozenset[str] | None = None
    required: Mapping[str, Any] | None = None
    granted: Callable[[Mapping[str, Any]], Grants] = own_grants

    def principal(self, claims: Mapping[str, Any]) -> tuple[Principal, float]:
        """Who asks by a token whose signature held, and from when on, in seconds since 1970.

        Raises:
            ValueError: the claims are not those of a token for us; LookupError and TypeError likewise.
        """
        if claims["iss"] != self.issuer or not read.names_audience(claims["aud"], self.audience):
            message = "another issuer or audience"
            raise ValueError(message)
        if any((type(claims.get(name)), claims.get(name)) != (type(value), value) for name, value in (self.required or {}).items()):
            message = "a required claim is missing or differs"
            raise ValueError(message)
        expires = datetime.fromtimestamp(read.seconds(claims["exp"]), UTC)
        who = read.subject(claims["sub"])
        principal = Principal(f"{self.name}:{who}" if self.name else who, self._within_bounds(claims), expires)
        return principal, read.seconds(claims.get("nbf", 0))

    def _within_bounds(self, claims: Mapping[str, Any]) -> Grants:
        """What it grants in forces that are not its own counts for nothing: whoever runs one force's sign-in rules no other."""
        granted = self.granted(claims)
        return granted if self.forces is None else {force: roles for force, roles in granted.items() if force in self.forces}
