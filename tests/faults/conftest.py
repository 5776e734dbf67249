"""Worlds to be hurt, and the table of what came of it at the end of the run."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.table import Ledger, lines, printed
from tests.faults.world import World, world

_FILE = "faults.jsonl"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    noted = lines(_file(config))
    if noted and not hasattr(config, "workerinput"):
        terminalreporter.section("fault matrix")
        for line in printed(noted):
            terminalreporter.write_line(line)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin a new table."""
    if not hasattr(session.config, "workerinput"):
        _file(session.config).unlink(missing_ok=True)


def _file(config: pytest.Config) -> Path:
    return Path(str(config.rootpath)) / ".pytest_cache" / _FILE


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """Where a row notes what it found."""
    file = _file(request.config)
    file.parent.mkdir(exist_ok=True)
    return Ledger(file, time.monotonic())


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The product on one Kafka node and one mongod."""
    with world(tmp_path_factory.mktemp("one")) as made:
        yield made


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The product on three Kafka nodes and three mongods."""
    with world(tmp_path_factory.mktemp("three"), brokers=3, members=3) as made:
        yield made


