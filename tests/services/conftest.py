"""Callers of the services, for the tests of one service each."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from chassis.runtime import Runtime
from concerns.main import SERVICE as CONCERNS
from meetings.main import SERVICE as MEETINGS
from tests.conftest import Place
from tests.services.applying import Operator, applying
from tests.services.callers import Caller, calling
from tests.services.mending import Log, writing
from tests.services.readmodel_world import World, world


@pytest.fixture
async def meetings(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Caller]:
    async with calling(MEETINGS, await runtimes("meetings"), place, "recorder") as caller:
        yield caller


@pytest.fixture
async def concerns(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Caller]:
    async with calling(CONCERNS, await runtimes("concerns"), place, "recorder", "sensitive_reader", "publisher") as caller:
        yield caller


@pytest.fixture
async def log(place: Place) -> AsyncIterator[Log]:
    async with writing(place) as writer:
        yield writer


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


@pytest.fixture
def operator(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    with applying(place, tmp_path, monkeypatch) as somebody:
        yield somebody
