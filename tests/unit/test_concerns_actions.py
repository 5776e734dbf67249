"""The rules of an action: promised, kept or not, and published."""

import pytest
from pydantic import ValidationError

from concerns import domain
from concerns.domain.refusals import (
    AlreadyClosedError,
    ErasedError,
    NotClosedError,
    NotDoneYetError,
    NotPublishedError,
    NotSaidYetError,
    RecordedLateError,
    SensitiveError,
)
from contracts.action import Action
from contracts.events import ActionClosed, ActionOpened
from tests.builders import NOW, concern, new_id
from tests.unit.action_steps import LATER, amended, closed, opened, opening, published, refusal, reopened


def test_an_action_is_opened_in_answer_to_concerns_or_to_none() -> None:
    answered = concern("kent")

    event = opening(answered)

    assert isinstance(event, ActionOpened)
    assert (event.state.status, event.state.opened_at, event.state.answers) == ("open", NOW, (answered.id,))
    assert opened().answers == ()


def test_an_action_recorded_as_closed_begins_with_action_closed() -> None:
    event = opening(status="closed", outcome="completed")

    assert isinstance(event, ActionClosed)
    assert (event.state.status, event.state.version, event.state.closed_at, event.state.outcome) == ("closed", 1, NOW, "completed")


def test_an_action_that_is_overdue_when_it_is_recorded_is_taken_as_it_is() -> None:
    assert opened(due_on="2024-01-31").due_on == "2024-01-31"


def test_a_standing_action_has_no_due_day() -> None:
    standing = amended(opened(), due_on=None, standing=True)

    assert (standing.due_on, standing.standing) == (None, True)
    with pytest.raises(ValidationError):
        amended(opened(), due_on=None)


def test_an_action_is_closed_once_with_its_outcome() -> None:
    action = closed()

    assert (action.status, action.outcome, action.outcome_note, action.closed_at) == ("closed", "completed", "done in June", LATER)
    with refusal(AlreadyClosedError):
        closed(action)


def test_a_reopened_action_has_no_ending() -> None:
    action = reopened()

    assert (action.status, action.reopened_at, action.reason) == ("open", LATER, "it stopped in August")
    assert [action.outcome, action.outcome_note, action.closed_at] == [None] * 3
    with refusal(NotClosedError):
        reopened(action)


def test_what_was_promised_stays_published_beside_what_was_done() -> None:
    promised = published(opened(), we_promised="We will talk.")
    done = published(closed(promised), we_did="We talked.")

    assert done.publication is not None
    assert (done.publication.we_promised, done.publication.we_did) == ("We will talk.", "We talked.")
    assert done.publication.published_at == LATER
    assert domain.unpublish_action(done).state.publication is None


def test_an_action_that_is_taken_up_again_was_not_done_and_its_promise_stays() -> None:
    promised = published(opened(), we_promised="We will talk.")
    done = published(closed(promised), we_did="We talked.")
    only_done = published(closed(), we_did="We talked.")

    again = reopened(done)

    assert again.publication is not None
    assert (again.publication.we_promised, again.publication.we_did) == ("We will talk.", None)
    assert reopened(only_done).publication is None
    assert reopened(closed(promised)).publication == promised.publication


def test_what_was_said_of_an_end_is_put_right_once_it_was_said() -> None:
    assert amended(closed(), outcome_note="done in July").outcome_note == "done in July"
    assert amended(reopened(), reason="it stopped in May").reason == "it stopped in May"
    for said in ("outcome_note", "reason"):
        with refusal(NotSaidYetError, f"#/{said}"):
            amended(opened(), **{said: "words"})


def test_what_was_done_is_published_of_a_closed_action_only() -> None:
    with refusal(NotDoneYetError, "#/we_did"):
        published(opened(), we_did="We talked.")


def test_nothing_sensitive_is_published() -> None:
    with refusal(SensitiveError):
        published(opened(concern("kent", sensitive=True)), we_promised="We will talk.")


def test_what_is_not_published_cannot_be_taken_back() -> None:
    with refusal(NotPublishedError):
        domain.unpublish_action(opened())


def test_another_due_day_starts_the_reminders_afresh() -> None:
    reminded = opened().next(due_soon_at=NOW, overdue_at=NOW)

    assert amended(reminded, owner_role="Superintendent").overdue_at == NOW
    moved = amended(reminded, due_on="2025-09-30")
    assert (moved.due_soon_at, moved.overdue_at) == (None, None)


def test_whether_it_was_recorded_late_is_said_once() -> None:
    with refusal(RecordedLateError, "#/recorded_late"):
        amended(opened(), recorded_late=True)


def test_nothing_follows_an_erasure() -> None:
    stub = Action(id=new_id(), force="kent", version=4, erased_at=NOW)

    for attempt in (closed, reopened, domain.unpublish_action, lambda it: amended(it, standing=True)):
        with refusal(ErasedError):
            attempt(stub)
    with refusal(ErasedError):
        published(stub, we_promised="We will talk.")
