"""What a verified token claims: whose it is, how long it holds, and what it grants. Whatever it claims wrongly is a ValueError or worse."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chassis.principal import Role, grantable

_LONGEST_SUBJECT: Final = 200
_MOST_GRANTS: Final = 200
_END_OF_TIME: Final = 253_402_300_799
Grants = dict[str, frozenset[Role]]


def seconds(value: Any) -> float:  # noqa: ANN401 - whatever a token claims
    """A time, in seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= _END_OF_TIME:
        message = "not a time"
        raise ValueError(message)
    return float(value)


def subject(value: Any) -> str:  # noqa: ANN401 - as above
    """Who it is."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_SUBJECT or not value.isprintable():
        message = "not a subject"
        raise ValueError(message)
    return value


def names_audience(value: Any, audience: str) -> bool:  # noqa: ANN401 - as above
    """Whether the claim `aud`, one or a list, names an audience."""
    return audience in (value if isinstance(value, list) else [value])


def at(claims: Any, path: Iterable[str]) -> Any:  # noqa: ANN401 - as above
    """What stands at a path of claims; None where there is nothing."""
    for step in path:
        claims = claims.get(step) if isinstance(claims, Mapping) else None
    return claims


def grants(value: Any) -> Grants:  # noqa: ANN401 - as above
    """The roles of each force of the claim `grants`: `[{"force": "kent", "roles": ["reader"]}]`; those given twice add up."""
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
        found[force] |= grantable(force, frozenset(Role(role) for role in roles if role in set(Role)))
    return dict(found)


def granted_by(names: Any, meaning: Mapping[str, Mapping[str, frozenset[Role]]]) -> Grants:  # noqa: ANN401 - as above
    """What an issuer's own names of roles mean here. A name without a meaning grants nothing; no list at all is a list of none."""
    if not isinstance(names, list | None) or not all(isinstance(name, str) for name in names or ()):
        message = "roles are a list of names"
        raise ValueError(message)
    found: defaultdict[str, frozenset[Role]] = defaultdict(frozenset)
    for name in names or ():
        for force, roles in meaning.get(name, {}).items():
            found[force] |= grantable(force, roles)
    return dict(found)
