"""From an event to a receiver that nobody here controls: real Kafka, real MongoDB, a real HTTP server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Response

from chassis import metrics
from chassis.runtime import Runtime
from notifications.reinstate import enable
from tests.builders import concern_raised
from tests.conftest import Place, eventually
from tests.services.notifying import RAISED, Notifications, prepared, serving

Runtimes = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def service(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notifications]:
    async with serving(place, await prepared(await runtimes("concerns")), monkeypatch) as running_service:
        yield running_service


async def due_now(service: Notifications) -> None:
    """Do not wait for the schedule: what is pending and not under way is due."""
    waiting = {"status": "pending", "lease": {"$exists": False}}
    await service.stored("deliveries").update_many(waiting, [{"$set": {"due_at": "$$NOW"}}])


@pytest.mark.usefixtures("service")
def test_every_outcome_of_a_delivery_is_counted_from_nought_so_that_the_first_failure_is_a_rise() -> None:
    for outcome in ("delivered", "retried", "failed", "ended"):
        assert metrics.REGISTRY.get_sample_value("roundtable_deliveries_total", {"channel": "webhook", "outcome": outcome}) is not None


async def test_an_event_reaches_its_subscriber_at_once_signed_and_without_what_is_sealed(
    service: Notifications, place: Place, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data(status=204)
    wanted = await service.subscribed(httpserver.url_for("/hook"), types=[RAISED], categories=["drugs"])
    other = await service.subscribed(httpserver.url_for("/other"), categories=["burglary"])

    (state,) = await service.recorded(concern_raised(place.force, said="what was said at the meeting"))
    await eventually(service.settled(wanted, "delivered"))

    (received,) = [request for request, _ in httpserver.log]
    headers = dict(received.headers.items())
    event = Webhook(wanted["secret"]).verify(received.get_data(), headers)
    (delivery,) = await service.deliveries(wanted)
    (attempt,) = delivery["attempts"]
    assert (event["type"], event["subject"], event["data"]["category"]) == (RAISED, state.id, "drugs")
    assert "sealed" not in event["data"]
    assert "what was said" not in received.get_data(as_text=True)
    assert headers["Webhook-Id"] == delivery["id"] == f"{wanted['id']}:{event['id']}"
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert (attempt["status_code"], attempt["error"], attempt["next_attempt_at"]) == (204, None, None)
    assert delivery["event"] == event
    assert await service.deliveries(other) == []


async def test_a_failed_attempt_is_made_again_with_the_same_id(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    answers = iter([Response(status=500), Response(status=302, headers={"Location": httpserver.url_for("/inside")}), Response(status=200)])
    httpserver.expect_request("/hook").respond_with_handler(lambda _: next(answers))
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    await service.recorded(concern_raised(place.force))

    for attempts in (1, 2):

        async def tried(count: int = attempts) -> bool:
            found = await service.deliveries(subscription)
            return bool(found) and len(found[0]["attempts"]) == count and found[0]["next_attempt_at"] is not None

        await eventually(tried)
        await due_now(service)
    await eventually(service.settled(subscription, "delivered"))

    (delivery,) = await service.deliveries(subscription)
    received = [request for request, _ in httpserver.log]
    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [500, 302, 200]
    assert {request.headers["Webhook-Id"] for request in received} == {delivery["id"]}
    assert {request.path for request in received} == {"/hook"}
    for request in received:
        Webhook(subscription["secret"]).verify(request.get_data(), dict(request.headers.items()))


async def test_the_first_repetition_comes_after_five_seconds(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/hook").respond_with_data(status=503)
    httpserver.expect_ordered_request("/hook").respond_with_data(status=204)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    await service.recorded(concern_raised(place.force))
    await eventually(service.settled(subscription, "delivered"))

    first, second = (datetime.fromisoformat(each["at"]) for each in (await service.deliveries(subscription))[0]["attempts"])
    assert 4.9 < (second - first).total_seconds() < 8


async def test_a_receiver_that_is_gone_is_told_of_nothing_more(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=410)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    await service.recorded(concern_raised(place.force))

    async def disabled() -> bool:
        found = await service.stored("subscriptions").find_one({"id": subscription["id"]})
        return found is not None and found["status"] == "disabled"

    await eventually(disabled)
    await service.recorded(concern_raised(place.force))
    await eventually(service.consumed)

    async with service.client() as client:
        shown = await client.get(service.path(subscription["id"]))
    assert (shown.json()["why"], shown.headers["ETag"]) == ("The receiver is gone (410)", '"2"')
    assert [each["status"] for each in await service.deliveries(subscription)] == ["failed"]


async def test_reading_the_log_again_from_its_start_tells_nobody(
    place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    async with serving(place, await prepared(await runtimes("concerns")), monkeypatch) as service:
        subscription = await service.subscribed(httpserver.url_for("/hook"))
        await service.recorded(*(concern_raised(place.force) for _ in range(12)))
        await eventually(service.settled(subscription, "delivered", 12))
    with place.engines.mongo.client() as client:
        client[f"{place.prefix}notifications"]["positions"].update_many({}, {"$set": {"offset": 0}})
        client[f"{place.prefix}notifications"]["deliveries"].delete_many({})

    async with serving(place, await runtimes("concerns"), monkeypatch) as service:
        await eventually(service.consumed)
        (state,) = await service.recorded(concern_raised(place.force))
        await eventually(service.settled(subscription, "delivered"))

        (delivery,) = await service.deliveries(subscription)
    assert delivery["subject"] == state.id
    assert len(httpserver.log) == 13


async def test_nobody_is_told_of_what_was_in_the_log_before_the_subscription(
    service: Notifications, place: Place, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    await service.recorded(concern_raised(place.force))
    await eventually(service.heard)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    (state,) = await service.recorded(concern_raised(place.force))
    await eventually(service.consumed)

    assert [each["subject"] for each in await service.deliveries(subscription)] == [state.id]


@pytest.mark.parametrize("hours", [2, -2])
async def test_a_subscription_is_told_of_what_comes_whatever_the_clocks_say(
    service: Notifications, place: Place, httpserver: HTTPServer, hours: int
) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    service.runtime.clock = lambda: datetime.now(UTC) + timedelta(hours=hours)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    (state,) = await service.recorded(concern_raised(place.force))
    await eventually(service.consumed)

    assert [each["subject"] for each in await service.deliveries(subscription)] == [state.id]


async def test_a_revoked_owner_is_sent_nothing_more(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=500)
    subscription = await service.subscribed(httpserver.url_for("/hook"), subject="gone")
    await service.recorded(concern_raised(place.force))

    async def tried() -> bool:
        return bool(httpserver.log)

    await eventually(tried)
    service.revoke("gone")
    await service.recorded(concern_raised(place.force))
    await eventually(service.settled(subscription, "ended", 2))

    assert len(httpserver.log) == 1
    async with service.client() as client:
        shown = (await client.get(service.path(subscription["id"]))).json()
    assert (shown["status"], shown["why"]) == ("disabled", "The grant of its owner was revoked")


async def test_a_restored_owner_is_told_again_of_what_happens_then(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    subscription = await service.subscribed(httpserver.url_for("/hook"), subject="back")
    service.revoke("back")
    await service.recorded(concern_raised(place.force))
    await eventually(service.settled(subscription, "ended"))
    await enable(service.runtime)
    assert (await service.stored("subscriptions").find_one({"id": subscription["id"]}) or {})["status"] == "disabled"

    service.restore("back")
    await enable(service.runtime)
    await service.recorded(concern_raised(place.force))
    await eventually(service.settled(subscription, "delivered"))

    shown = await service.stored("subscriptions").find_one({"id": subscription["id"]}) or {}
    assert (shown["status"], shown["why"]) == ("active", None)


async def test_an_address_that_became_private_is_not_connected_to(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=204)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    rebound = {"$set": {"url": f"http://127.0.0.2:{httpserver.port}/hook"}}
    await service.stored("subscriptions").update_one({"id": subscription["id"]}, rebound)
    await service.recorded(concern_raised(place.force))

    async def tried() -> bool:
        found = await service.deliveries(subscription)
        return bool(found) and bool(found[0]["attempts"])

    await eventually(tried)
    ((attempt,),) = [each["attempts"] for each in await service.deliveries(subscription)]
    assert (attempt["status_code"], attempt["error"]) == (None, "AddressRefused")
    assert httpserver.log == []


async def test_deleting_a_subscription_ends_what_is_pending(service: Notifications, place: Place, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=500)
    subscription = await service.subscribed(httpserver.url_for("/hook"))
    await service.recorded(concern_raised(place.force))

    async def tried() -> bool:
        return bool(httpserver.log)

    await eventually(tried)
    async with service.client() as client:
        answer = await client.delete(service.path(subscription["id"]), headers={"If-Match": '"1"'})
    assert answer.status_code == 204

    async def nothing_left() -> bool:
        return await service.stored("deliveries").count({}) == 0

    await eventually(nothing_left)
