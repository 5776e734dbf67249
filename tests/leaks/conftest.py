"""One city for all that is asked there, and how many cases to judge."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import Corners
from tests.leaks.asking import Cases
from tests.leaks.city import City, city

CASES = int(os.environ.get("CASES", "250"))
"""How many questions to judge; `make leaks` judges many more."""
_JUDGED = pytest.StashKey[Cases]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many questions were judged: so much the test is worth."""
    if _JUDGED in config.stash:
        terminalreporter.section("questions that were judged")
        terminalreporter.write_line(str(config.stash[_JUDGED]))


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Cases:
    """Where what was judged is counted."""
    return request.config.stash.setdefault(_JUDGED, Cases())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the services' own threads take chances while a question is thought of: Hypothesis warns of whoever does."""
    for item in items:
        if "empty_city" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning"))


@pytest.fixture(scope="module")
def empty_city(corners: Corners) -> Iterator[City]:
    """The services, and nobody who uses them yet."""
    with city(corners) as made:
        yield made
