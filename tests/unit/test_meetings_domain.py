"""The rules of a meeting: planned, put off, cancelled, held and amended."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.entry import Entering
from contracts.events import MeetingAmended, MeetingScheduled
from contracts.meeting import Cancelling, FeedbackFacts, Holding, Meeting, Postponing
from meetings import domain
from meetings.domain.refusals import (
    AlreadyCancelledError,
    AlreadyHeldError,
    ErasedError,
    MeetingsError,
    NotSaidYetError,
    RecordedLateError,
)
from tests.builders import NOW, new_id
from tests.unit.meeting_steps import LATER, cancelled, entry_refusal, held, patch, postponed, record, refusal, scheduled


def test_a_planned_meeting_is_scheduled() -> None:
    event = record(starts_at="2025-06-03T18:00:00+01:00")

    assert isinstance(event, MeetingScheduled)
    assert (event.state.status, event.state.version, event.state.recorded_at) == ("scheduled", 1, NOW)
    assert event.state.held_from is None


@pytest.mark.parametrize("meeting", [scheduled(), postponed()], ids=lambda meeting: meeting.status)
def test_a_planned_meeting_can_be_held(meeting: Meeting) -> None:
    event = domain.hold_meeting(meeting, Holding(held_on="2025-05", topics=("speeding",)), NOW)

    assert event.state.status == "held"
    assert event.state.version == meeting.version + 1
    assert (event.state.held_from, event.state.held_to, event.state.topics) == ("2025-05-01", "2025-05-31", ("speeding",))
    assert event.state.title == meeting.title


@pytest.mark.parametrize(("meeting", "error"), [(held(), AlreadyHeldError), (cancelled(), AlreadyCancelledError)])
def test_what_is_over_is_neither_held_nor_put_off_nor_cancelled(meeting: Meeting, error: type[MeetingsError]) -> None:
    with refusal(error):
        domain.hold_meeting(meeting, Holding(), NOW)
    with refusal(error):
        domain.postpone_meeting(meeting, Postponing(), NOW)
    with refusal(error):
        domain.cancel_meeting(meeting, Cancelling(reason="rain"), NOW)


def test_a_meeting_put_off_without_a_new_time_has_none() -> None:
    meeting = domain.postpone_meeting(
        scheduled(starts_at=LATER, ends_at=LATER + timedelta(hours=1)), Postponing(reason="repairs"), NOW
    ).state

    assert (meeting.status, meeting.starts_at, meeting.ends_at, meeting.postponed_at) == ("postponed", None, None, NOW)
    assert meeting.reason == "repairs"


def test_a_meeting_put_off_to_a_new_time_stays_postponed() -> None:
    meeting = postponed(starts_at=LATER)

    assert (meeting.status, meeting.starts_at) == ("postponed", LATER)


def test_a_postponed_meeting_is_scheduled_again_by_an_amendment_that_gives_a_time() -> None:
    event = domain.amend_meeting(postponed(), patch(starts_at="2025-06-17T17:00:00Z"), NOW)

    assert isinstance(event, MeetingAmended)
    assert event.state.status == "scheduled"


@pytest.mark.parametrize("changes", [{"title": "Another title"}, {"starts_at": None}])
def test_a_postponed_meeting_stays_so_while_no_time_is_given(changes: dict[str, Any]) -> None:
    assert domain.amend_meeting(postponed(), patch(**changes), NOW).state.status == "postponed"


@pytest.mark.parametrize("meeting", [held(), cancelled()], ids=lambda meeting: meeting.status)
def test_a_time_does_not_bring_back_what_is_over(meeting: Meeting) -> None:
    assert domain.amend_meeting(meeting, patch(starts_at="2025-06-17T17:00:00Z"), NOW).state.status == meeting.status


def test_another_time_lets_the_reminder_come_again() -> None:
    reminded = scheduled(starts_at=LATER).next(due_soon_at=NOW)

    assert domain.amend_meeting(reminded, patch(title="Another title"), NOW).state.due_soon_at == NOW
    assert domain.amend_meeting(reminded, patch(starts_at="2025-06-17T17:00:00Z"), NOW).state.due_soon_at is None
    assert domain.postpone_meeting(reminded, Postponing(starts_at=LATER), NOW).state.due_soon_at is None


@pytest.mark.parametrize("ends", [LATER, LATER - timedelta(minutes=1)])
def test_a_meeting_ends_after_it_starts(ends: datetime) -> None:
    with entry_refusal("#/ends_at", "ends_before_start"):
        scheduled(starts_at=LATER, ends_at=ends)
    with entry_refusal("#/ends_at", "ends_before_start"):
        Postponing.model_validate({"starts_at": LATER, "ends_at": ends}, context=Entering())
    with entry_refusal("#/ends_at", "ends_before_start"):
        domain.amend_meeting(scheduled(starts_at=LATER), patch(ends_at=ends.isoformat()), NOW)


def test_a_meeting_has_no_end_without_a_start() -> None:
    with entry_refusal("#/ends_at", "ends_before_start"):
        scheduled(ends_at=LATER)


def test_a_reason_is_put_right_once_one_was_given() -> None:
    assert domain.amend_meeting(cancelled(), patch(reason="the hall was flooded"), NOW).state.reason == "the hall was flooded"
    with refusal(NotSaidYetError, "#/reason"):
        domain.amend_meeting(scheduled(), patch(reason="the hall was flooded"), NOW)


def test_whether_it_was_recorded_late_is_said_once() -> None:
    meeting = scheduled(recorded_late=True)

    assert meeting.recorded_late
    assert domain.amend_meeting(meeting, patch(recorded_late=True), NOW).state.recorded_late
    with refusal(RecordedLateError, "#/recorded_late"):
        domain.amend_meeting(meeting, patch(recorded_late=False), NOW)


def test_nothing_follows_an_erasure() -> None:
    stub = Meeting(id=new_id(), force="kent", version=4, erased_at=NOW)

    with refusal(ErasedError):
        domain.amend_meeting(stub, patch(title="Another title"), NOW)
    with refusal(ErasedError):
        domain.hold_meeting(stub, Holding(), NOW)
    with refusal(ErasedError):
        domain.receive_feedback(new_id(), stub, FeedbackFacts(gist="good"), NOW)
