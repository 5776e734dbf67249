"""Grants as an operator writes them: `FORCE:ROLE[,ROLE]`, where FORCE may be `*` for the reader roles."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from roundtable.errors import OperatorError

# What `chassis.auth` knows, held equal by a test: importing it would bring a web framework into every command.
ROLES: Final = ("reader", "sensitive_reader", "recorder", "publisher", "subscriber", "operator", "controller")
NATIONAL_ROLES: Final = frozenset({"reader", "sensitive_reader"})
EVERY_FORCE: Final = "*"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LIFETIME = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Grant:
    """What a subject may do in one force."""

    force: str
    roles: tuple[str, ...]

    def as_claim(self) -> dict[str, object]:
        """The form that tokens and sign-in codes carry."""
        return {"force": self.force, "roles": list(self.roles)}


def parse_grant(text: str) -> Grant:
    """Read `northamptonshire:reader,recorder`; raises OperatorError that says what is wrong with it."""
    force, colon, listed = text.partition(":")
    roles = tuple(dict.fromkeys(listed.split(",")))
    if not colon or not listed:
        message = f"{text!r} is not a grant: write FORCE:ROLE[,ROLE], for example kent:reader"
        raise OperatorError(message)
    if force != EVERY_FORCE and not _SLUG.fullmatch(force):
        message = f"{force!r} is not a force's slug: small letters, digits and single hyphens, or *"
        raise OperatorError(message)
    _check_roles(force, roles)
    return Grant(force, roles)


def parse_lifetime(text: str) -> timedelta:
    """Read `90s`, `30m`, `1h` or `7d`."""
    match = _LIFETIME.fullmatch(text)
    if match is None:
        message = f"{text!r} is not a time: write a number and s, m, h or d, for example 1h"
        raise OperatorError(message)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _check_roles(force: str, roles: tuple[str, ...]) -> None:
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        message = f"{unknown[0]!r} is not a role: choose from {', '.join(ROLES)}"
        raise OperatorError(message)
    refused = [role for role in roles if role not in NATIONAL_ROLES]
    if force == EVERY_FORCE and refused:
        message = f"* is for reader and sensitive_reader alone: name the force for {refused[0]}"
        raise OperatorError(message)
