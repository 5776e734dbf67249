"""The 72 hours within which those who raised a concern have a first response."""

from datetime import UTC, datetime, timedelta

import pytest

from concerns import domain
from concerns.domain.refusals import (
    AlreadyRespondedError,
    RecordedLateError,
)
from contracts.concern import Responding
from tests.builders import NOW
from tests.unit.concern_steps import LATER, amended, closed, in_progress, raised, refusal, reopened, responded


@pytest.mark.parametrize(
    ("raised_on", "due"),
    [
        (None, NOW + timedelta(hours=72)),
        ("2025-05-06", NOW + timedelta(hours=72)),
        ("2025-05", NOW + timedelta(hours=72)),
        # A day ends at midnight in London, an hour before midnight in UTC while it is summer there.
        ("2025-05-04", datetime(2025, 5, 7, 22, 59, 59, tzinfo=UTC)),
        ("2025-02", datetime(2025, 3, 3, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_first_response_is_due_72_hours_after_a_concern_was_raised(raised_on: str | None, due: datetime) -> None:
    assert raised(raised_on=raised_on).response_due == due


def test_a_concern_recorded_late_starts_no_clock() -> None:
    late = raised(raised_on="2025-03", recorded_late=True)

    assert late.recorded_late
    assert late.response_due is None
    assert amended(late, raised_on="2025-04").response_due is None
    assert reopened(closed(late)).response_due is None


def test_whether_it_was_recorded_late_is_said_once() -> None:
    with refusal(RecordedLateError, "#/recorded_late"):
        amended(raised(), recorded_late=True)
    assert amended(raised(), recorded_late=False).version == 2


def test_a_first_response_makes_it_under_review() -> None:
    concern = responded()

    assert (concern.status, concern.responded_at, concern.response) == ("under_review", LATER, "we will walk on Fridays")


def test_there_is_one_first_response() -> None:
    with refusal(AlreadyRespondedError):
        responded(responded())


def test_a_first_response_is_still_due_when_work_has_begun() -> None:
    concern = in_progress()

    assert concern.status == "in_progress"
    assert responded(concern).responded_at == LATER


def test_a_first_response_that_was_given_still_counts_after_reopening() -> None:
    concern = reopened(closed(responded()))

    assert concern.responded_at == LATER
    assert concern.response_due == NOW + timedelta(hours=72)


def test_a_concern_that_comes_back_is_answered_again_once_and_the_first_response_stays_the_first() -> None:
    came_back = reopened(closed(responded())).model_copy(update={"reopened_at": LATER + timedelta(days=1)})

    again = domain.respond_to_concern(came_back, Responding(response="we walk daily now"), LATER + timedelta(days=2)).state

    assert (again.response, again.status) == ("we walk daily now", "under_review")
    assert (again.responded_at, again.answered_again_at) == (LATER, LATER + timedelta(days=2))
    with refusal(AlreadyRespondedError):
        responded(again)


def test_reopening_what_had_no_response_starts_another_72_hours() -> None:
    overdue = closed(raised().next(overdue_at=NOW))

    concern = reopened(overdue)

    assert (concern.response_due, concern.overdue_at) == (LATER + timedelta(hours=72), None)
    assert amended(concern, raised_on="2025-05-01").response_due == LATER + timedelta(hours=72)


def test_another_day_moves_the_clock_while_no_response_was_given() -> None:
    overdue = raised().next(overdue_at=LATER)

    moved = amended(overdue, raised_on="2025-05-04")

    assert (moved.raised_from, moved.response_due) == ("2025-05-04", datetime(2025, 5, 7, 22, 59, 59, tzinfo=UTC))
    assert moved.overdue_at is None
    assert amended(overdue, priority="high").overdue_at == LATER
    assert amended(responded(), raised_on="2025-05-04").response_due == NOW + timedelta(hours=72)
