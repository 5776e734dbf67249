"""A replay ends where its stream does: in the middle, however much is left of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from chassis.recording import Draft, Recorder
from chassis.runtime import Runtime
from roundtable.grants import Grant
from tests.builders import concern_raised
from tests.conftest import Place, eventually
from tests.faults.leaver import Stream
from tests.services.hearing import listening
from tests.services.notifying import Notifications, prepared, serving

Runtimes = Callable[[str], Awaitable[Runtime]]
EVENTS = 600
"""Many more than fit on the way to a client that takes none, and than the hub lets a client be behind when it joins."""


@pytest.fixture
async def service(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notifications]:
    async with serving(place, await prepared(await runtimes("concerns")), monkeypatch) as running_service:
        yield running_service


async def _beginning(service: Notifications) -> str:
    """The place in the log before so many events."""
    async with listening(service.client()) as ear:
        await eventually(ear.begun)
    recorder = Recorder(service.concerns.mongo, service.concerns.keys, "concerns")
    for _ in range(EVENTS // 100):
        await recorder.record([Draft(concern_raised(service.place.force), None) for _ in range(100)], datetime.now(UTC))
    service.concerns.recorded.set()
    await eventually(service.heard, 30)
    return ear.last_id


async def test_a_long_replay_ends_when_the_grant_is_revoked(service: Notifications, place: Place) -> None:
    beginning = await _beginning(service)
    token = service.issuer.token("partner", [Grant(place.force, ("subscriber",))], timedelta(hours=1))

    with closing(Stream(service.url, token, place.force, beginning, most=5)) as stream:
        await eventually(lambda: _holds(len(stream.shown) >= 5))
        seen = service.runtime.registry.generation
        service.revoke("partner")
        await eventually(lambda: _holds(service.runtime.registry.generation > seen))
        stream.reads.set()
        await eventually(lambda: _holds(stream.over.is_set()))

    assert stream.ending == "ended: a grant was revoked"
    assert len(stream.shown) < EVENTS


async def _holds(what: bool) -> bool:  # noqa: FBT001 - a condition as it stands now
    return what
