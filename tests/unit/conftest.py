"""What the tests of the chassis' HTTP side share."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import structlog

from chassis import logs
from chassis.auth import Authenticator
from chassis.jwks import KeySource
from chassis.runtime import Runtime
from tests.unit.leaflets import Issuer, open_door, runtime_of
from tests.unit.log_lines import Lines
from tests.unit.trusting import Seconds, trusting


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The log, as a service writes it."""
    before, level = logging.getLogger().handlers[:], logging.getLogger().level
    stream = Lines()
    logs.configure("leaflets", "INFO", stream)
    # A logger that was kept would write here for ever, and later tests could not capture what it says.
    structlog.configure(cache_logger_on_first_use=False)
    yield stream
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """An issuer of tokens, its key set in a file."""
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def clock() -> Seconds:
    """A clock that stands until the test moves it."""
    return Seconds()


@pytest.fixture
def authenticator(issuer: Issuer, clock: Seconds) -> Authenticator:
    """Believes that issuer, and reads its key set by that clock."""
    return trusting(KeySource(str(issuer.jwks), clock=clock))


@pytest.fixture
def runtime(issuer: Issuer, tmp_path: Path) -> Runtime:
    """The runtime of the tiny service."""
    return runtime_of(issuer, tmp_path)


@pytest.fixture
async def door(runtime: Runtime, lines: Lines) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the tiny service."""
    del lines
    async with open_door(runtime) as client:
        yield client
