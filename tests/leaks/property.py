"""A property of answers: whatever is asked, nothing is found wrong."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

T = TypeVar("T")


def drawn(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """So many of what a strategy draws, but for the simplest, which comes first: what is judged here is never asked twice.

    A world goes on, and is too dear to be built anew: nothing that was found could be asked again as it was, to make it simpler.
    """
    found: list[T] = []

    @settings(max_examples=count + 1, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    @given(one=strategy)
    def draw(one: T) -> None:
        found.append(one)

    draw()
    return found[1:]


def holds(strategy: st.SearchStrategy[T], judge: Callable[[T], Sequence[str]], count: int) -> None:
    """Judge so many of what a strategy draws, and fail with the first of which something is wrong."""
    for asked in drawn(strategy, count):
        found = judge(asked)
        assert not found, f"{asked}:\n" + "\n".join(found[:20])
