"""What is known of a held meeting: when it was, who came, and what they thought of it."""

from datetime import datetime
from typing import Any

import pytest

from contracts.entry import Patch
from contracts.events import MeetingHeld
from contracts.meeting import FeedbackAmending, FeedbackFacts, Holding, Meeting
from meetings import domain
from meetings.domain.refusals import (
    HeldFactError,
    InFutureError,
    NotHeldError,
)
from tests.builders import NOW, new_id
from tests.unit.meeting_steps import COUNCIL, MOSQUES, cancelled, entry_refusal, held, patch, postponed, record, refusal, scheduled


def test_a_meeting_recorded_as_held_begins_with_meeting_held() -> None:
    event = record(status="held", held_on="2025-05-06", minutes="What was said.")

    assert isinstance(event, MeetingHeld)
    assert (event.state.status, event.state.version, event.state.held_recorded_at) == ("held", 1, NOW)
    assert (event.state.held_from, event.state.held_to) == ("2025-05-06", "2025-05-06")


@pytest.mark.parametrize(
    ("known", "span"),
    [("2025-03", ("2025-03-01", "2025-03-31")), ("2024-02", ("2024-02-01", "2024-02-29")), (None, (None, None))],
)
def test_the_span_of_a_held_meeting_is_what_its_date_may_mean(known: str | None, span: tuple[str | None, str | None]) -> None:
    meeting = held(held_on=known)

    assert (meeting.held_from, meeting.held_to) == span
    assert meeting.held_on == known


@pytest.mark.parametrize("day", ["2025-05-07", "2025-06", "2026-01-01"])
def test_a_meeting_cannot_have_been_held_in_the_future(day: str) -> None:
    with refusal(InFutureError, "#/held_on"):
        held(held_on=day)
    with refusal(InFutureError, "#/held_on"):
        domain.hold_meeting(scheduled(), Holding(held_on=day), NOW)
    with refusal(InFutureError, "#/held_on"):
        domain.amend_meeting(held(), patch(held_on=day), NOW)


@pytest.mark.parametrize("day", ["2025-05-06", "2025-05", None])
def test_a_month_that_has_begun_is_not_in_the_future(day: str | None) -> None:
    assert held(held_on=day).held_on == day


def test_today_is_the_day_in_london() -> None:
    shortly_after_midnight_in_london = datetime.fromisoformat("2025-06-30T23:30:00+00:00")

    meeting = domain.hold_meeting(scheduled(), Holding(held_on="2025-07"), shortly_after_midnight_in_london).state

    assert meeting.held_from == "2025-07-01"


@pytest.mark.parametrize(
    "fact",
    [
        {"held_on": "2025-05-06"},
        {"attendance": {"heads_total": 3}},
        {"attendance_note": "leaders of 11 mosques"},
        {"briefings": ["policing plan"]},
        {"topics": ["speeding"]},
        {"activities": ["a tour"]},
        {"minutes": "What was said."},
        {"notes": "Tea was served."},
    ],
)
def test_what_is_known_of_a_held_meeting_is_refused_for_a_planned_one(fact: dict[str, Any]) -> None:
    pointer = f"#/{next(iter(fact))}"

    with refusal(HeldFactError, pointer):
        record(**fact)
    with refusal(HeldFactError, pointer):
        domain.amend_meeting(scheduled(), patch(**fact), NOW)
    with refusal(HeldFactError, pointer):
        domain.amend_meeting(cancelled(), patch(**fact), NOW)


def test_those_who_came_but_are_not_named_are_a_fact() -> None:
    meeting = held(
        attendance={"named": [{"organisation_id": MOSQUES}, {"organisation_id": COUNCIL, "heads": 4}], "organisations_total": 11}
    )

    assert meeting.attendance is not None
    assert (len(meeting.attendance.named), meeting.attendance.organisations_total) == (2, 11)


def test_fewer_organisations_than_are_named_is_refused() -> None:
    attendance = {"named": [{"organisation_id": MOSQUES}, {"organisation_id": COUNCIL}], "organisations_total": 1}

    with entry_refusal("#/attendance/organisations_total", "too_few"):
        held(attendance=attendance)
    with entry_refusal("#/attendance/organisations_total", "too_few"):
        domain.amend_meeting(held(), patch(attendance=attendance), NOW)


def test_an_organisation_attends_once() -> None:
    with entry_refusal("#/attendance/named/1/organisation_id", "named_twice"):
        held(attendance={"named": [{"organisation_id": MOSQUES}, {"organisation_id": MOSQUES}]})


def test_fewer_heads_than_those_of_the_named_is_refused_also_when_they_were_named_before() -> None:
    named = [{"organisation_id": MOSQUES, "heads": 4}, {"organisation_id": COUNCIL, "heads": 3}]

    with entry_refusal("#/attendance/heads_total", "too_few"):
        held(attendance={"named": named, "heads_total": 6})
    with entry_refusal("#/attendance/heads_total", "too_few"):
        domain.amend_meeting(held(attendance={"named": named}), patch(attendance={"heads_total": 6}), NOW)
    assert held(attendance={"named": named, "heads_total": 7}).attendance is not None


def test_an_amended_date_brings_its_span_along() -> None:
    meeting = held(held_on="2025-05-06")

    assert domain.amend_meeting(meeting, patch(held_on="2025-04"), NOW).state.held_to == "2025-04-30"
    assert domain.amend_meeting(meeting, patch(held_on=None), NOW).state.held_to is None
    assert domain.amend_meeting(meeting, patch(minutes="What was said."), NOW).state.held_to == "2025-05-06"


def test_feedback_belongs_to_the_meeting_of_its_path() -> None:
    meeting = held()

    feedback = domain.receive_feedback(new_id(), meeting, FeedbackFacts(gist="good", confidence_after=4), NOW).state

    assert (feedback.meeting_id, feedback.force, feedback.received_at) == (meeting.id, "kent", NOW)
    assert (feedback.confidence_before, feedback.confidence_after) == (None, 4)


@pytest.mark.parametrize("meeting", [scheduled(), postponed(), cancelled()], ids=lambda meeting: meeting.status)
def test_there_is_no_feedback_on_a_meeting_that_was_not_held(meeting: Meeting) -> None:
    with refusal(NotHeldError):
        domain.receive_feedback(new_id(), meeting, FeedbackFacts(gist="good"), NOW)


@pytest.mark.parametrize(("of_meeting", "of_feedback"), [(True, False), (False, True)])
def test_feedback_on_a_sensitive_meeting_is_sensitive(of_meeting: bool, of_feedback: bool) -> None:  # noqa: FBT001 - parametrized
    meeting = held(sensitive=of_meeting)

    assert domain.receive_feedback(new_id(), meeting, FeedbackFacts(gist="good", sensitive=of_feedback), NOW).state.sensitive


def test_feedback_that_only_its_meeting_hid_is_ordinary_again_with_it() -> None:
    open_meeting = held()
    hidden_meeting = open_meeting.next(sensitive=True)
    before = domain.receive_feedback(new_id(), open_meeting, FeedbackFacts(gist="good"), NOW).state
    during = domain.receive_feedback(new_id(), hidden_meeting, FeedbackFacts(gist="frank"), NOW).state
    of_itself = domain.receive_feedback(new_id(), hidden_meeting, FeedbackFacts(gist="secret", sensitive=True), NOW).state

    (hidden,) = [event.state for event in domain.inherit([before, of_itself], hidden_meeting)]
    shown = [event.state for event in domain.inherit([hidden, during, of_itself], open_meeting)]

    assert (hidden.id, hidden.sensitive) == (before.id, True)
    assert [(each.id, each.sensitive, each.follows_meeting) for each in shown] == [(before.id, False, False), (during.id, False, False)]


def test_feedback_is_put_right() -> None:
    feedback = domain.receive_feedback(new_id(), held(), FeedbackFacts(gist="good", confidence_after=4), NOW).state

    amended = domain.amend_feedback(feedback, Patch(FeedbackAmending, {"gist": "very good", "confidence_after": None})).state

    assert (amended.gist, amended.confidence_after, amended.version) == ("very good", None, 2)
