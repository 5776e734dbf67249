"""What an action answers, and how it is sensitive exactly while a concern that it answers is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from concerns import domain
from concerns.domain.refusals import (
    NoSuchConcernError,
)
from tests.builders import concern, new_id
from tests.unit.action_steps import amended, erased, opened, opening, published, refusal


def test_an_action_answers_only_concerns_that_stand() -> None:
    one, gone = concern("kent"), erased(concern("kent"))

    with refusal(NoSuchConcernError, "#/answers/1"):
        opening(one, answers=[one.id, new_id()])
    with refusal(NoSuchConcernError, "#/answers/0"):
        opening(gone)
    with refusal(NoSuchConcernError, "#/answers/0"):
        amended(opened(), gone, answers=[gone.id])
    with refusal(NoSuchConcernError, "#/answers/0"):
        amended(opened(), answers=[new_id()])


def test_an_action_answers_a_concern_once() -> None:
    one = concern("kent")

    with pytest.raises(ValidationError, check=lambda refused: refused.errors()[0]["loc"] == ("answers", 1)):
        opening(one, answers=[one.id, one.id])


def test_a_concern_that_was_erased_since_may_stay_named() -> None:
    one, other = concern("kent"), concern("kent")

    action = amended(opened(one), erased(one), other, answers=[one.id, other.id])

    assert action.answers == (one.id, other.id)


def test_an_action_is_sensitive_when_a_concern_that_it_answers_is() -> None:
    assert opened(concern("kent"), concern("kent", sensitive=True)).sensitive
    assert not opened(concern("kent")).sensitive
    assert not opened().sensitive


def test_other_answers_make_an_action_as_sensitive_as_they_are() -> None:
    ordinary, sensitive = concern("kent"), concern("kent", sensitive=True)
    action = published(opened(ordinary), we_promised="We will talk.")

    hidden = amended(action, ordinary, sensitive, answers=[ordinary.id, sensitive.id])
    shown = amended(hidden, ordinary, answers=[ordinary.id])

    assert (hidden.sensitive, hidden.publication) == (True, None)
    assert (shown.sensitive, shown.version) == (False, hidden.version + 1)


def test_an_amendment_of_something_else_leaves_sensitivity_alone() -> None:
    assert amended(opened(concern("kent", sensitive=True)), standing=True, due_on=None).sensitive


def test_nobody_can_tell_of_an_erased_concern_that_it_was_not_sensitive() -> None:
    sensitive, ordinary = concern("kent", sensitive=True), concern("kent")
    action = opened(sensitive, ordinary)

    assert amended(action, erased(sensitive), ordinary, answers=list(action.answers)).sensitive
    assert domain.inherit([action], ordinary, {sensitive.id: erased(sensitive)}) == []


def test_raising_a_concerns_sensitivity_amends_the_actions_that_are_not_sensitive_yet() -> None:
    one, other = concern("kent"), concern("kent", sensitive=True)
    ordinary, hidden = published(opened(one), we_promised="We will talk."), opened(one, other)

    events = domain.inherit([ordinary, hidden], one.next(sensitive=True), {other.id: other})

    assert [event.state.id for event in events] == [ordinary.id]
    assert (events[0].state.sensitive, events[0].state.publication, events[0].state.version) == (True, None, ordinary.version + 1)


def test_lowering_it_amends_the_actions_that_answer_no_other_sensitive_concern() -> None:
    one, other, harmless = concern("kent", sensitive=True), concern("kent", sensitive=True), concern("kent")
    freed, kept = opened(one, harmless), opened(one, other)

    events = domain.inherit([freed, kept], one.next(sensitive=False), {other.id: other, harmless.id: harmless})

    assert [(event.state.id, event.state.sensitive) for event in events] == [(freed.id, False)]


@given(st.lists(st.lists(st.integers(0, 3), unique=True, max_size=3), max_size=4), st.lists(st.tuples(st.integers(0, 3), st.booleans())))
def test_an_action_is_sensitive_exactly_while_a_concern_that_it_answers_is(
    answers: list[list[int]], changes: list[tuple[int, bool]]
) -> None:
    concerns = [concern("kent") for _ in range(4)]
    actions = {action.id: action for action in (opened(*(concerns[index] for index in indexes)) for indexes in answers)}

    for index, sensitive in changes:
        concerns[index] = concerns[index].next(sensitive=sensitive)
        answering = [action for action in actions.values() if concerns[index].id in action.answers]
        for event in domain.inherit(answering, concerns[index], {each.id: each for each in concerns}):
            actions[event.state.id] = event.state

    secret = {each.id for each in concerns if each.sensitive}
    assert all(action.sensitive == (not secret.isdisjoint(action.answers)) for action in actions.values())
