"""The property bites: with one check of the product taken out, it finds what leaks, and with all of them in, nothing."""

import pytest

from tests.leaks import asking, hiding, streams
from tests.leaks.asking import Cases
from tests.leaks.city import City
from tests.leaks.holes import HOLES, Hole, category_in_clear, streams_of_every_force
from tests.leaks.plans import plans
from tests.leaks.property import drawn, holds
from tests.leaks.questions import questions

WITHIN = 300
"""Questions by which a hole must be found."""


@pytest.fixture(scope="module")
def lived_in(empty_city: City) -> City:
    empty_city.run(empty_city.inhabited(drawn(plans(most_forces=2), 1)[0]))
    return empty_city


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.__name__)
def test_a_check_that_is_taken_out_is_missed(lived_in: City, monkeypatch: pytest.MonkeyPatch, hole: Hole) -> None:
    hole(monkeypatch)
    with pytest.raises(AssertionError):
        holds(questions(lived_in, (HOLES[hole],)), lambda asked: lived_in.run(asking.leaks(lived_in, asked, Cases())), WITHIN)


def test_a_stream_that_asks_for_no_grant_is_found_out(lived_in: City, monkeypatch: pytest.MonkeyPatch) -> None:
    streams_of_every_force(monkeypatch)
    with pytest.raises(AssertionError):
        holds(streams.wishes(lived_in), lambda asked: lived_in.run(streams.leaks(lived_in, asked, Cases())), 1)


def test_a_hidden_value_that_is_stored_in_clear_is_found_out(lived_in: City, monkeypatch: pytest.MonkeyPatch) -> None:
    category_in_clear(monkeypatch)
    with pytest.raises(AssertionError):
        holds(hiding.some_questions(lived_in), lambda asked: lived_in.run(hiding.leaks(lived_in, asked, Cases())), 3)
