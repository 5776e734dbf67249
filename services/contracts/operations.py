"""What may happen to each aggregate: one row for every event, with its operation and the statuses before and after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.event import Event
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from contracts.vocabulary import ActionStatus, ConcernStatus, MeetingStatus, OrganisationStatus, Resolution

NONE: Final = "none"
"""The status before, of what may also begin with this event."""
RECORDED: Final = "recorded"
"""The status of an aggregate that has no life cycle: it is there."""
ERASED: Final = "erased"
"""The status after an erasure. Nothing follows it."""


class By(StrEnum):
    """Who brings an event about."""

    REQUEST = "request"
    CLOCK = "clock"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Operation:
    """One row. `before` is empty for what only ever begins an aggregate, and holds `NONE` for what can begin one too."""

    event: type[Event[Any]]
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    by: By = By.REQUEST
    keeps: bool = False
    """Whether the status stays what it was."""

    @property
    def type(self) -> str:
        """The event's type."""
        return self.event.type

    @property
    def service(self) -> str:
        """The service that owns the aggregate."""
        return self.event.model.service

    @property
    def creates(self) -> bool:
        """Whether an aggregate can begin with this event, as version 1."""
        return not self.before or NONE in self.before

    def allows(self, before: str | None, after: str) -> bool:
        """Whether the operation may lead from one status to another; `before` is None for a new aggregate."""
        begins = self.creates if before is None else before in self.before
        return begins and (after == before if self.keeps else after in self.after)


def _codes(*statuses: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(code) for group in statuses for code in group)


_ORGANISATION: Final = _codes(OrganisationStatus)
_MEETING: Final = _codes(MeetingStatus)
_OPEN: Final = _codes(ConcernStatus)
_CLOSED: Final = _codes(Resolution)
_CONCERN: Final = _OPEN + _CLOSED
_ACTION: Final = _codes(ActionStatus)
_THERE: Final = (RECORDED,)
_PLANNED: Final = ("scheduled", "postponed")

STATUSES: Final[dict[type[State], tuple[str, ...]]] = {
    Organisation: _ORGANISATION,
    Neighbourhood: _THERE,
    Meeting: _MEETING,
    Feedback: _THERE,
    Concern: _CONCERN,
    Action: _ACTION,
}
"""Every status of every aggregate."""


def _kept(event: type[Event[Any]], name: str, statuses: tuple[str, ...], by: By = By.REQUEST) -> Operation:
    return Operation(event, name, statuses, statuses, by, keeps=True)


def _erasure(event: type[Event[Any]]) -> Operation:
    return Operation(event, "erase", STATUSES[event.model], (ERASED,), By.OPERATOR)


OPERATIONS: Final = (
    Operation(e.OrganisationRegistered, "register", (), ("active",)),
    _kept(e.OrganisationAmended, "amend", ("active",)),
    Operation(e.OrganisationMerged, "merge", ("active",), ("merged",)),
    _kept(e.OrganisationContactLapsed, "contact-lapsed", ("active",), By.CLOCK),
    _erasure(e.OrganisationErased),
    Operation(e.NeighbourhoodRegistered, "register", (), _THERE),
    _kept(e.NeighbourhoodAmended, "amend", _THERE),
    _erasure(e.NeighbourhoodErased),
    Operation(e.MeetingScheduled, "schedule", (), ("scheduled",)),
    _kept(e.MeetingDueSoon, "due-soon", _PLANNED, By.CLOCK),
    Operation(e.MeetingHeld, "hold", (NONE, *_PLANNED), ("held",)),
    # An amendment gives a postponed meeting its new time, and with it the status `scheduled`.
    Operation(e.MeetingAmended, "amend", _MEETING, _MEETING),
    Operation(e.MeetingPostponed, "postpone", _PLANNED, ("postponed",)),
    Operation(e.MeetingCancelled, "cancel", _PLANNED, ("cancelled",)),
    _erasure(e.MeetingErased),
    Operation(e.FeedbackReceived, "feedback", (), _THERE),
    # It was put right, or its meeting's sensitivity changed: feedback would tell who came.
    _kept(e.FeedbackAmended, "amend", _THERE),
    _erasure(e.FeedbackErased),
    Operation(e.ConcernRaised, "raise", (), ("raised",)),
    # Work can begin before the answer does, and the answer is still due.
    Operation(e.ConcernResponded, "respond", _OPEN, ("under_review",)),
    _kept(e.ConcernResponseOverdue, "response-overdue", _OPEN, By.CLOCK),
    Operation(e.ConcernProgressed, "progress", _OPEN, ("in_progress",)),
    _kept(e.ConcernAmended, "amend", _CONCERN),
    Operation(e.ConcernClosed, "close", _OPEN, _CLOSED),
    Operation(e.ConcernReopened, "reopen", _CLOSED, ("raised",)),
    _kept(e.ConcernPublished, "publish", _CONCERN),
    _kept(e.ConcernUnpublished, "unpublish", _CONCERN),
    _erasure(e.ConcernErased),
    Operation(e.ActionOpened, "open", (), ("open",)),
    _kept(e.ActionDueSoon, "due-soon", ("open",), By.CLOCK),
    _kept(e.ActionOverdue, "overdue", ("open",), By.CLOCK),
    _kept(e.ActionAmended, "amend", _ACTION),
    Operation(e.ActionClosed, "close", (NONE, "open"), ("closed",)),
    Operation(e.ActionReopened, "reopen", ("closed",), ("open",)),
    _kept(e.ActionPublished, "publish", _ACTION),
    _kept(e.ActionUnpublished, "unpublish", _ACTION),
    _erasure(e.ActionErased),
)
"""The table. A test holds it against the registry of events, and against the services."""

_ROWS: Final = {row.type: row for row in OPERATIONS}


def row_of(event_type: str) -> Operation:
    """The row of an event type.

    Raises:
        KeyError: no such event.
    """
    return _ROWS[event_type]
