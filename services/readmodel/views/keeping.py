"""When a promise counts as kept, and a concern as done: the one answer for programs and pages."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from contracts.vocabulary import ActionStatus, Outcome, Resolution

Record = Mapping[str, Any]
KEPT: Final = frozenset({Outcome.COMPLETED, Outcome.PARTIALLY_COMPLETED, Outcome.ONGOING_COMMITMENT})
"""The outcomes with which a promise counts as kept."""


def is_kept(action: Record) -> bool:
    """Whether a promise was kept. One whose outcome is sealed for the reader is not called so."""
    return action.get("status") == ActionStatus.CLOSED and action.get("outcome") in KEPT


def is_done(concern: Record, kept: Iterable[bool]) -> bool:
    """Whether a concern is resolved, or every promise that answers it was kept."""
    promises = list(kept)
    return concern.get("status") == Resolution.RESOLVED or (bool(promises) and all(promises))
