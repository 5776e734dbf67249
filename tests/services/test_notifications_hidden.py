"""What subscribers are not told, and what is not kept of what they were told: sensitive, erased and sealed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer

from chassis.runtime import Runtime
from contracts.concern import Concern
from contracts.events import ConcernErased
from notifications.store import COLLECTIONS
from tests.builders import concern_raised
from tests.conftest import Place, eventually
from tests.services.notifying import Notifications, amended, prepared, serving

Runtimes = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def service(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notifications]:
    async with serving(place, await prepared(await runtimes("concerns")), monkeypatch) as running_service:
        yield running_service


async def test_nothing_sensitive_is_delivered_and_what_becomes_sensitive_is_taken_back(
    service: Notifications, place: Place, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=500)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    (state, secret) = await service.recorded(concern_raised(place.force), concern_raised(place.force, sensitive=True))
    await eventually(service.consumed)
    assert [each["subject"] for each in await service.deliveries(subscription)] == [state.id]

    (sensitive,) = await service.recorded(amended(state, sensitive=True))
    await eventually(service.settled(subscription, "ended"))
    (delivery,) = await service.deliveries(subscription)
    assert (delivery["why"], "data" in delivery["event"]) == ("The record has become sensitive", False)
    assert {each["_id"] for each in await service.stored("subjects").find({})} == {f"{place.force}:{each.id}" for each in (state, secret)}

    await service.recorded(amended(sensitive, sensitive=False))
    await eventually(service.consumed)
    assert len(await service.deliveries(subscription)) == 2
    assert {each["_id"] for each in await service.stored("subjects").find({})} == {f"{place.force}:{secret.id}"}


async def test_an_erasure_purges_every_delivery_of_the_record(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    (state,) = await service.recorded(concern_raised(place.force))
    await eventually(service.settled(subscription, "delivered"))

    erased = Concern.model_validate(state.opened()).next(erased_at=datetime.now(UTC))
    await service.recorded(ConcernErased(erased))
    await eventually(service.consumed)
    await eventually(service.settled(subscription, "delivered"))

    (delivery,) = await service.deliveries(subscription)
    assert delivery["event"]["type"] == "engagement.concern-erased.v1"
    assert set(delivery["event"]["data"]) == {"id", "force", "version", "erased_at", "last_event"}
    (hidden,) = await service.stored("subjects").find({})
    assert (hidden["_id"], hidden["erased"]) == (f"{place.force}:{state.id}", True)


async def test_notifications_holds_no_key_and_nothing_that_is_sealed(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    await service.recorded(concern_raised(place.force, said="what was said at the meeting"))
    await eventually(service.settled(subscription, "delivered"))

    kept = [await service.stored(name).find({}) for name in (*COLLECTIONS, "positions", "parked")]
    assert "sealed" not in str(kept)
    assert "what was said" not in str(kept)
