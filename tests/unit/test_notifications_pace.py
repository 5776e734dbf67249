"""How many attempts may be under way to one endpoint."""

import pytest

from notifications.delivery import Answer
from notifications.pace import FEWEST, MOST, QUICK_MS, Pace

QUICK = Answer(204, duration_ms=QUICK_MS - 1)


def test_an_endpoint_that_is_not_known_has_the_fewest() -> None:
    pace = Pace()

    assert [pace.room("one:443", {"one:443": busy, "other:443": 9}) for busy in range(4)] == [FEWEST, 1, 0, 0]


def test_each_quick_answer_makes_room_for_one_more_up_to_the_most() -> None:
    pace = Pace()
    rooms = []
    for _ in range(MOST):
        pace.learn("one:443", QUICK)
        rooms.append(pace.room("one:443", {}))

    assert rooms[:3] == [FEWEST + 1, FEWEST + 2, FEWEST + 3]
    assert rooms[-1] == MOST
    assert pace.room("other:443", {}) == FEWEST


@pytest.mark.parametrize("answer", [Answer(204, duration_ms=QUICK_MS), Answer(500, duration_ms=1), Answer(None, error="ConnectError")])
def test_one_that_is_slow_or_fails_is_back_at_the_fewest(answer: Answer) -> None:
    pace = Pace()
    for _ in range(MOST):
        pace.learn("one:443", QUICK)

    pace.learn("one:443", answer)

    assert pace.room("one:443", {}) == FEWEST


def test_a_quick_one_is_given_more_once_half_of_them_have_ended() -> None:
    pace = Pace()
    for _ in range(MOST):
        pace.learn("one:443", QUICK)

    assert [pace.room("one:443", {"one:443": busy}) for busy in (0, MOST // 2, MOST // 2 + 1, MOST)] == [MOST, MOST // 2, 0, 0]
