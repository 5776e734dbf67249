"""How many attempts may be under way at once, to one endpoint and among several."""

from collections import Counter

import pytest

from notifications.delivery import Answer
from notifications.pace import FEWEST, MOST, QUICK_MS, Pace, shares

QUICK = Answer(204, duration_ms=QUICK_MS - 1)
AT_ONCE = 40


def earned(*endpoints: str) -> Pace:
    """A pace that knows some endpoints as quick as can be."""
    pace = Pace()
    for endpoint in endpoints:
        for _ in range(MOST):
            pace.learn(endpoint, QUICK)
    return pace


def test_an_endpoint_that_is_not_known_has_the_fewest() -> None:
    assert [Pace().room("one:443", busy) for busy in range(4)] == [FEWEST, 1, 0, 0]


def test_each_quick_answer_makes_room_for_one_more_up_to_the_most() -> None:
    pace = Pace()
    rooms = []
    for _ in range(MOST):
        pace.learn("one:443", QUICK)
        rooms.append(pace.room("one:443", 0))

    assert rooms[:3] == [FEWEST + 1, FEWEST + 2, FEWEST + 3]
    assert rooms[-1] == MOST
    assert pace.room("other:443", 0) == FEWEST


@pytest.mark.parametrize("answer", [Answer(204, duration_ms=QUICK_MS), Answer(500, duration_ms=1), Answer(None, error="ConnectError")])
def test_one_that_is_slow_or_fails_is_back_at_the_fewest(answer: Answer) -> None:
    pace = earned("one:443")

    pace.learn("one:443", answer)

    assert pace.room("one:443", 0) == FEWEST


def test_a_quick_one_is_given_more_once_half_of_them_have_ended() -> None:
    pace = earned("one:443")

    assert [pace.room("one:443", busy) for busy in (0, MOST // 2, MOST // 2 + 1, MOST)] == [MOST, MOST // 2, 0, 0]


def test_each_endpoint_gets_its_few_before_any_gets_more() -> None:
    quick = [f"{number}:443" for number in range(5)]

    dealt = shares(earned(*quick), [*quick, "new:443"], {}, AT_ONCE)

    assert dealt["new:443"] == FEWEST
    assert dealt == {"0:443": MOST, "1:443": FEWEST + 6, **dict.fromkeys([*quick[2:], "new:443"], FEWEST)}


def test_receivers_that_earned_much_and_then_hang_leave_room_for_the_others() -> None:
    hanging = [f"{number}:443" for number in range(5)]
    pace, busy = earned(*hanging), Counter[str]()
    for _ in range(10):
        busy.update(shares(pace, hanging, busy, AT_ONCE))

    assert busy.total() == AT_ONCE // 2 + FEWEST * len(hanging)
    assert shares(pace, [*hanging, "new:443"], busy, AT_ONCE) == {"new:443": FEWEST}


def test_nothing_is_dealt_where_more_is_under_way_than_may_be() -> None:
    assert shares(earned("one:443"), ["one:443", "new:443"], {"one:443": AT_ONCE + 16}, AT_ONCE) == {}
