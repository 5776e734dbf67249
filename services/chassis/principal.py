"""Who asks, and what they were granted: roles in forces."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

EVERY_FORCE: Final = "*"


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


def grantable(force: str, roles: frozenset[Role]) -> frozenset[Role]:
    """What of some roles may be held in a force: in all of them at once, only those that read."""
    return roles & READING if force == EVERY_FORCE else roles


@dataclass(frozen=True)
class Principal:
    """Who asks, and what the token grants. What is revoked and which forces exist, the registry knows."""

    subject: str
    grants: Mapping[str, frozenset[Role]]
    expires_at: datetime
