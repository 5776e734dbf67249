"""What failed is tried again soon, then less and less often, and never all at the same moment."""

import pytest

from chassis.backoff import BackOff


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def waits(failures: int, chance: float) -> list[float]:
    """How long a thing is left alone after each of so many failures in a row, in tenths of a second."""
    clock = Clock()
    back_off = BackOff(first=0.2, longest=3.0, now=clock, chance=lambda: chance)
    found = []
    for _ in range(failures):
        back_off.failed("kent")
        began = clock.now
        while back_off.left_out():
            clock.now += 0.1
        found.append(round(clock.now - began, 1))
    return found


@pytest.mark.parametrize(("chance", "expected"), [(1.0, [0.2, 0.4, 0.8, 1.6, 3.0, 3.0]), (0.0, [0.1, 0.2, 0.4, 0.8, 1.5, 1.5])])
def test_each_failure_doubles_the_wait_up_to_the_longest_and_chance_halves_it_at_the_most(chance: float, expected: list[float]) -> None:
    assert waits(6, chance) == pytest.approx(expected, abs=0.11)


def test_after_a_thousand_failures_the_wait_is_the_longest() -> None:
    assert waits(1_000, 1.0)[-1] == pytest.approx(3.0, abs=0.11)


def test_one_that_fails_holds_no_other_back_and_is_forgotten_with_its_success() -> None:
    clock = Clock()
    back_off = BackOff(first=1.0, longest=30.0, now=clock, chance=lambda: 1.0)
    back_off.failed("kent")
    back_off.failed("kent")

    assert back_off.left_out() == ["kent"]

    back_off.succeeded("kent")
    back_off.failed("kent")
    clock.now += 1.0

    assert back_off.left_out() == []
