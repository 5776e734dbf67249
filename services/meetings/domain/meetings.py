"""The rules of a meeting: planned, put off, cancelled or held, and amended afterwards; and of feedback on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from contracts.dates import in_future, span
from contracts.entry import Patch
from contracts.events import (
    FeedbackAmended,
    FeedbackReceived,
    MeetingAmended,
    MeetingCancelled,
    MeetingHeld,
    MeetingPostponed,
    MeetingScheduled,
)
from contracts.meeting import Attendance, Cancelling, Feedback, FeedbackFacts, Holding, Meeting, MeetingRecording, Postponing
from contracts.vocabulary import MeetingStatus
from meetings.domain.references import must_keep_late, must_stand
from meetings.domain.refusals import (
    AlreadyCancelledError,
    AlreadyHeldError,
    HeldFactError,
    InFutureError,
    NotHeldError,
    NotSaidYetError,
)

_PLANNED: Final = frozenset({MeetingStatus.SCHEDULED, MeetingStatus.POSTPONED})


def record_meeting(subject: str, force: str, wish: MeetingRecording, now: datetime) -> MeetingScheduled | MeetingHeld:
    """Record a meeting that is planned, or one that was held already: then `meeting-held` is its first version."""
    meeting = Meeting.begin(wish, id=subject, force=force, recorded_at=now)
    if meeting.status == MeetingStatus.HELD:
        return MeetingHeld(_checked(meeting.model_copy(update=_held(meeting.held_on) | {"held_recorded_at": now}), now))
    return MeetingScheduled(_checked(meeting, now))


def hold_meeting(meeting: Meeting, wish: Holding, now: datetime) -> MeetingHeld:
    """Record that a planned meeting took place: when, as far as that is known, who came, and what was said."""
    _must_be_planned(meeting)
    held = meeting.entered(wish, status=MeetingStatus.HELD, held_recorded_at=now, **_held(wish.held_on))
    return MeetingHeld(_checked(held, now))


def postpone_meeting(meeting: Meeting, wish: Postponing, now: datetime) -> MeetingPostponed:
    """Put a planned meeting off, to a new time or to none yet; it is `scheduled` again once an amendment gives its time."""
    _must_be_planned(meeting)
    postponed = meeting.entered(wish, status=MeetingStatus.POSTPONED, postponed_at=now, due_soon_at=None)
    return MeetingPostponed(_checked(postponed, now))


def cancel_meeting(meeting: Meeting, wish: Cancelling, now: datetime) -> MeetingCancelled:
    """Record that a planned meeting will not be held, and why."""
    _must_be_planned(meeting)
    return MeetingCancelled(meeting.entered(wish, status=MeetingStatus.CANCELLED, cancelled_at=now))


def amend_meeting(meeting: Meeting, patch: Patch, now: datetime) -> MeetingAmended:
    """Put a meeting's facts right in whatever status it is; a time gives a postponed meeting back its place in the diary.

    What is known of a held meeting (`held_on`, attendance, minutes …) is refused for any other, and a reason where none was given.
    """
    must_stand(meeting)
    if patch.touches("reason") and meeting.reason is None:
        raise NotSaidYetError(pointer="#/reason")
    changes = patch.apply(meeting)
    after = meeting.next(**changes, **_derived(meeting, changes))
    must_keep_late(meeting, after)
    return MeetingAmended(_checked(after, now))


def is_judged_by_what_is_sealed(patch: Patch) -> bool:
    """Whether an amendment is taken or refused by what the meeting says already, and not by its dates and status alone.

    A part of the attendance must agree with the rest of it, and a reason is put right only where one was given.
    """
    part = patch.changes.get("attendance")
    return patch.touches("reason") or (isinstance(part, dict) and not Attendance.model_fields.keys() <= part.keys())


def receive_feedback(subject: str, meeting: Meeting, facts: FeedbackFacts, now: datetime) -> FeedbackReceived:
    """Record what an organisation thought of a held meeting. Feedback on a sensitive meeting is sensitive: it names who came."""
    must_stand(meeting)
    if meeting.status != MeetingStatus.HELD:
        raise NotHeldError
    follows = meeting.sensitive and not facts.sensitive
    frame = {"meeting_id": meeting.id, "received_at": now, "sensitive": facts.sensitive or meeting.sensitive, "follows_meeting": follows}
    return FeedbackReceived(Feedback.begin(facts, id=subject, force=meeting.force, **frame))


def amend_feedback(feedback: Feedback, patch: Patch) -> FeedbackAmended:
    """Put right what was thought, and how confident they were."""
    must_stand(feedback)
    return FeedbackAmended(feedback.next(**patch.apply(feedback)))


def inherit(feedback: Sequence[Feedback], meeting: Meeting) -> list[FeedbackAmended]:
    """What a meeting's sensitivity entails for the feedback on it: it names who came.

    Feedback that is sensitive of itself stays so; what was hidden only by its meeting is ordinary again when the meeting is.

    Args:
        feedback: what the meeting has, as far as it is not erased.
        meeting: the meeting as it will be.
    """
    changed = [each for each in feedback if each.sensitive != meeting.sensitive and (meeting.sensitive or each.follows_meeting)]
    return [FeedbackAmended(each.next(sensitive=meeting.sensitive, follows_meeting=meeting.sensitive)) for each in changed]


def held_in_time(held_on: str | None, now: datetime) -> None:
    """Refuse a day in the future, on which nothing can have been held.

    Raises:
        InFutureError: with a pointer to `held_on`.
    """
    if in_future(held_on, now):
        raise InFutureError(pointer="#/held_on")


def _must_be_planned(meeting: Meeting) -> None:
    must_stand(meeting)
    if meeting.status not in _PLANNED:
        raise AlreadyCancelledError if meeting.status == MeetingStatus.CANCELLED else AlreadyHeldError


def _held(held_on: str | None) -> dict[str, str | None]:
    """The first and last day that the meeting may have been held on."""
    bounds = span(held_on)
    return {"held_from": bounds[0] if bounds else None, "held_to": bounds[1] if bounds else None}


def _derived(meeting: Meeting, changes: dict[str, Any]) -> dict[str, Any]:
    """What follows from an amendment: a new date's span, a new time's place in the diary."""
    derived: dict[str, Any] = _held(changes["held_on"]) if "held_on" in changes else {}
    if "starts_at" in changes:
        derived["due_soon_at"] = None
    if changes.get("starts_at") is not None and meeting.status == MeetingStatus.POSTPONED:
        derived["status"] = MeetingStatus.SCHEDULED
    return derived


def _checked(meeting: Meeting, now: datetime) -> Meeting:
    if meeting.status != MeetingStatus.HELD:
        _refuse_held_facts(meeting)
    held_in_time(meeting.held_on, now)
    return meeting


def _refuse_held_facts(meeting: Meeting) -> None:
    for name in Holding.model_fields:
        if getattr(meeting, name):
            raise HeldFactError(pointer=f"#/{name}")
