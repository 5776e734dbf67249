"""How much is under way to receivers at once: a real Kafka, a real MongoDB, real HTTP servers."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from collections.abc import Collection as Names
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chassis.mongo import Unavailable
from chassis.runtime import Runtime
from notifications.pace import FEWEST, MOST
from notifications.store import Addressee, Subscriptions
from tests.builders import concern_raised
from tests.conftest import Place, eventually
from tests.services.notifying import Notifications, prepared, serving

Runtimes = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def service(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notifications]:
    async with serving(place, await prepared(await runtimes("concerns")), monkeypatch) as running_service:
        yield running_service


async def test_a_receiver_that_hangs_holds_no_other_back(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    let_go, asked = threading.Event(), list[Request]()

    def hang(request: Request) -> Response:
        asked.append(request)
        let_go.wait(30)
        return Response(status=200)

    hanging = HTTPServer(threaded=True)
    hanging.expect_request("/hook").respond_with_handler(hang)
    hanging.start()
    try:
        httpserver.expect_request("/hook").respond_with_data(status=204)
        stuck = [await service.subscribed(hanging.url_for("/hook")) for _ in range(12)]
        quick = await service.subscribed(httpserver.url_for("/hook"))
        await service.recorded(*(concern_raised(place.force) for _ in range(10)))

        await eventually(service.settled(quick, "delivered", 10))
        assert [each["status"] for each in await service.deliveries(stuck[0])] == ["pending"] * 10
        assert len(asked) == FEWEST
    finally:
        let_go.set()
        hanging.clear()
        await asyncio.to_thread(hanging.stop)


async def test_a_receiver_that_takes_at_once_what_it_is_sent_is_sent_more_at_once(service: Notifications, place: Place) -> None:
    there, most, counting = 0, 0, threading.Lock()

    def take(_: Request) -> Response:
        nonlocal there, most
        with counting:
            there += 1
            most = max(most, there)
        # Long enough for those that are under way together to meet here.
        time.sleep(0.1)
        with counting:
            there -= 1
        return Response(status=204)

    with HTTPServer(threaded=True) as quick:
        quick.expect_request("/hook").respond_with_handler(take)
        subscription = await service.subscribed(quick.url_for("/hook"))
        await service.recorded(*(concern_raised(place.force) for _ in range(50)))
        await eventually(service.settled(subscription, "delivered", 50))

    assert FEWEST < most <= MOST


async def test_a_stopping_service_gives_back_what_it_could_not_finish(
    place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    let_go, asked = threading.Event(), threading.Event()

    def hang(_: Request) -> Response:
        asked.set()
        let_go.wait(30)
        return Response(status=200)

    httpserver.expect_request("/hook").respond_with_handler(hang)
    try:
        async with serving(place, await prepared(await runtimes("concerns")), monkeypatch) as service:
            await service.subscribed(httpserver.url_for("/hook"))
            await service.recorded(concern_raised(place.force))
            assert await asyncio.to_thread(asked.wait, 10)
        with place.engines.mongo.client() as client:
            (left,) = client[f"{place.prefix}notifications"]["deliveries"].find()
        assert (left["status"], left["attempts"], "lease" in left) == ("pending", [], False)
        assert left["due_at"] <= datetime.now(UTC).replace(tzinfo=None)
    finally:
        let_go.set()


async def test_what_was_taken_when_mongodb_went_away_is_given_back(
    service: Notifications, place: Place, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    wanted = [await service.subscribed(httpserver.url_for("/hook")) for _ in range(2)]
    found, failures = Subscriptions.addressees, 3

    async def failing(self: Subscriptions, keys: Names[str]) -> dict[str, Addressee]:
        nonlocal failures
        if failures:
            failures -= 1
            message = "no primary"
            raise Unavailable(message)
        return await found(self, keys)

    monkeypatch.setattr(Subscriptions, "addressees", failing)
    await service.recorded(*(concern_raised(place.force) for _ in range(5)))

    # Well within the lease: what was taken and could not be looked up was given back.
    for subscription in wanted:
        await eventually(service.settled(subscription, "delivered", 5))
    assert failures == 0
    assert len(httpserver.log) == 10
