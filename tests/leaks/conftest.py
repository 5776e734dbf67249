"""One city for all that is asked there, and how many cases to judge."""

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Corners
from tests.leaks.asking import Cases
from tests.leaks.city import City, city

CASES = int(os.environ.get("CASES", "250"))
"""How many questions to judge; `make leaks` judges many more."""
_COUNTED = "cases"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many questions were judged, by whichever process: so much the test is worth."""
    reports = [report for each in terminalreporter.stats.values() for report in each if getattr(report, "when", None) == "teardown"]
    counted = [Cases(*map(Counter, found)) for report in reports for name, found in report.user_properties if name == _COUNTED]
    if counted:
        terminalreporter.section("questions that were judged")
        terminalreporter.write_line(str(sum(counted, Cases())))


@pytest.fixture
def cases(record_property: Callable[[str, object], None]) -> Iterator[Cases]:
    """Where what was judged is counted."""
    counted = Cases()
    yield counted
    record_property(_COUNTED, (dict(counted.judged), dict(counted.seen)))


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
