"""A parked event that is redriven is told to those who should have heard of it, once, however late."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from chassis.runtime import Runtime
from contracts.codec import Message
from notifications.domain import matches
from notifications.store import Watermarks
from tests.builders import concern_raised
from tests.conftest import Place, eventually
from tests.services.mending import asked, seen
from tests.services.notifying import Notifications, amended, prepared, serving


async def test_an_older_version_that_is_redriven_is_told_once(
    place: Place, runtimes: Callable[[str], Awaitable[Runtime]], monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data(status=204)

    def choking(subscription: Any, message: Message) -> bool:
        if message.version == 1:
            raise ZeroDivisionError
        return matches(subscription, message)

    monkeypatch.setattr("notifications.domain.matches", choking)
    async with serving(place, await prepared(await runtimes("concerns")), monkeypatch) as service:
        wanted = await service.subscribed(httpserver.url_for("/hook"))
        (raised,) = await service.recorded(concern_raised(place.force))
        await service.recorded(amended(raised, priority="high"))
        await eventually(service.settled(wanted, "delivered"))
        assert len(seen(place)) == 1
        monkeypatch.setattr("notifications.domain.matches", matches)

        (outcome,) = await asyncio.to_thread(asked, place, "redrive")
        await eventually(service.settled(wanted, "delivered", 2))

        assert outcome.done
        assert sorted(delivery["event"]["sequence"] for delivery in await told(service, wanted)) == ["0000000001", "0000000002"]
        (position,) = await service.stored("positions").find({"offset": {"$gt": 0}})
        watermark = await service.runtime.mongo.transaction(lambda tx: Watermarks(service.runtime.mongo).of(position["_id"], tx))
        assert (position["offset"], watermark) == (2, 2)
    assert len(httpserver.log) == 2


async def told(service: Notifications, subscription: dict[str, Any]) -> list[dict[str, Any]]:
    return list(await service.stored("deliveries").find({"subscription_id": subscription["id"]}))
