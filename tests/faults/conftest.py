"""Worlds to be hurt, and the table of what came of it at the end of the run."""

import logging
from collections.abc import Iterator

import pytest

from tests.faults.table import Ledger, Line, printed
from tests.faults.world import World, world

_NOTED = pytest.StashKey[list[Line]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    noted = config.stash.get(_NOTED, [])
    if noted:
        terminalreporter.section("fault matrix")
        for line in printed(noted):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def no_chatter() -> None:
    """Rows are told of as they end (`--log-cli-level INFO`), and not each request of their clients."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """Where a row notes what it found."""
    return Ledger(request.config.stash.setdefault(_NOTED, []))


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
