"""The stations of a thread: first response, promise, outcome. Each says in words where one concern has come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from contracts.dates import today
from contracts.vocabulary import ActionStatus, Outcome, Resolution, label
from readmodel.dashboard import words
from readmodel.views.keeping import is_kept

Record = Mapping[str, Any]
CLOCK: Final = timedelta(hours=72)
"""A first response is due in 72 hours (Neighbourhood Policing Guarantee)."""


class Answer(Enum):
    """How a first response stands."""

    IN_TIME = auto()
    LATE = auto()
    OVERDUE = auto()
    DUE = auto()
    GIVEN = auto()
    """Given, and no clock ran."""
    NONE = auto()
    """Not recorded, and no clock ran."""


class Standing(Enum):
    """How a promise stands."""

    OVERDUE = auto()
    OPEN = auto()
    KEPT = auto()
    ENDED = auto()
    """Closed without being kept."""


@dataclass(frozen=True)
class FirstResponse:
    """A first response in words."""

    answer: Answer
    headline: str
    note: str = ""
    text: str | None = None


@dataclass(frozen=True)
class Promise:
    """An action in words. `text` is None when it is sealed for the reader."""

    id: str
    standing: Standing
    text: str | None
    owner: str | None
    due: str
    headline: str
    note: str | None
    published: str | None


def first_response(concern: Record, now: datetime) -> FirstResponse:
    """How the first response to a concern stands."""
    due, given = _at(concern, "response_due"), _at(concern, "responded_at")
    if given is not None:
        return _given(given, due, now, concern.get("response"))
    if due is None or concern.get("status") in set(Resolution):
        return FirstResponse(Answer.NONE, "None recorded")
    if now > due:
        return FirstResponse(Answer.OVERDUE, f"{words.span_of_hours(_hours(now - due))} overdue", "No response recorded")
    return FirstResponse(Answer.DUE, "Not yet", f"due by {words.moment(due)}")


def promise(action: Record, now: datetime) -> Promise:
    """How a promise stands."""
    standing, day = standing_of(action, now), today(now)
    published = action.get("publication") or {}
    return Promise(
        id=str(action["id"]),
        standing=standing,
        text=action.get("commitment") or published.get("we_promised"),
        owner=action.get("owner_role"),
        due=_due(action, day),
        headline=_headline(action, standing, day),
        note=published.get("we_did") or action.get("outcome_note"),
        published=_published(published, day),
    )


def standing_of(action: Record, now: datetime) -> Standing:
    """Where an action stands: late the day after it was due. One whose outcome is sealed for the reader is not called kept."""
    if action.get("status") != ActionStatus.OPEN:
        return Standing.KEPT if is_kept(action) else Standing.ENDED
    return Standing.OVERDUE if action.get("due_on") and action["due_on"] < today(now) else Standing.OPEN


def closing(concern: Record, now: datetime) -> str | None:
    """How a concern ended, or None while it is open."""
    if concern.get("status") not in set(Resolution):
        return None
    decided = concern.get("decided_by")
    by = f", decided by: {label(decided).lower()}" if decided else ""
    closed = _at(concern, "closed_at")
    when = f" {words.brief(words.london_day(closed), today(now))}" if closed else ""
    return f"{label(concern['status'])}{when}{by}"


def _given(given: datetime, due: datetime | None, now: datetime, text: str | None) -> FirstResponse:
    day = words.brief(words.london_day(given), today(now))
    if due is None:
        return FirstResponse(Answer.GIVEN, day, text=text)
    took = words.span_of_hours(max(0, _hours(given - (due - CLOCK))))
    return FirstResponse(Answer.LATE if given > due else Answer.IN_TIME, day, f"after {took}", text)


def _due(action: Record, day: str) -> str:
    if action.get("due_on"):
        return f"due {words.brief(action['due_on'], day)}"
    return "standing commitment, no due date" if action.get("standing", True) else "no due date"


def _headline(action: Record, standing: Standing, day: str) -> str:
    if standing in {Standing.KEPT, Standing.ENDED}:
        closed = _at(action, "closed_at")
        when = f" {words.brief(words.london_day(closed), day)}" if closed and not action.get("recorded_late") else ""
        return (label(action["outcome"], Outcome) if action.get("outcome") else "Closed") + when
    if standing is Standing.OVERDUE:
        return f"{words.span_of_days(words.days_between(action['due_on'], day))} overdue"
    if not action.get("due_on"):
        return "Open, standing"
    left = words.days_between(day, action["due_on"])
    return f"Open, {words.span_of_days(left)} left" if left else "Open, due today"


def _published(publication: Record, day: str) -> str | None:
    at = _at(publication, "published_at")
    return None if at is None else f"Published {words.brief(words.london_day(at), day)}"


def _at(record: Record, field: str) -> datetime | None:
    value = record.get(field)
    return None if value is None else datetime.fromisoformat(value)


def _hours(length: timedelta) -> int:
    return int(length.total_seconds() // 3600)
