"""Nobody is shown anything of a force without a grant there, nor anything of a sensitive record but that it is there, by any path."""

import asyncio

import pytest

from tests.leaks import asking, hiding, streams, topics, webhooks
from tests.leaks.asking import Cases
from tests.leaks.city import City
from tests.leaks.conftest import CASES
from tests.leaks.plans import plans
from tests.leaks.property import drawn, holds
from tests.leaks.questions import questions

_EACH_WORLD = 2_500
_OFTEN = 30
"""Cases of a family after which somebody must have seen what they may see."""
WORLDS = max(1, CASES // _EACH_WORLD)
"""How many worlds are built for the questions; two processes may share them."""


@pytest.fixture(params=range(WORLDS))
def world(empty_city: City) -> City:
    """The city with people and records by chance: each time others."""
    empty_city.run(empty_city.inhabited(*drawn(plans(), 1)))
    return empty_city


@pytest.mark.timeout(120 + CASES // WORLDS // 4)
def test_nobody_is_shown_what_they_were_not_granted(world: City, cases: Cases) -> None:
    judged(world, cases)
    often = {family for family, count in cases.judged.items() if count >= _OFTEN}
    assert all(cases.seen[family] for family in often - {"refused write", "open to anyone"}), "what is granted is seen by nobody"


def judged(city: City, cases: Cases) -> None:
    """Everything that can be asked in one world."""
    assert webhooks.leaks(city, cases) == []
    assert city.run(asyncio.to_thread(topics.leaks, city, cases)) == []
    holds(questions(city), lambda asked: city.run(asking.leaks(city, asked, cases)), CASES // WORLDS)
    rounds = max(1, CASES // WORLDS // 500)
    holds(hiding.some_questions(city), lambda asked: city.run(hiding.leaks(city, asked, cases)), rounds)
    holds(streams.wishes(city), lambda asked: city.run(streams.leaks(city, asked, cases)), rounds)
