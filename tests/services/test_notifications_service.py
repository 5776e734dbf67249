"""Subscriptions over HTTP, on a real MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from chassis.service import assemble
from notifications.main import SERVICE
from notifications.settings import Settings
from notifications.stream import follow
from tests.conftest import Place, running
from tests.services.callers import Caller, Record, calling, done, refused

HOOK = {"url": "https://192.0.2.1.example/hook"}
PATH = "/subscriptions"


@pytest.fixture
async def caller(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    for name, value in place.environment("notifications").items():
        monkeypatch.setenv(name, value)
    runtime = assemble("notifications", Settings())
    await runtime.registry.refresh()
    async with calling(SERVICE, runtime, place, "subscriber") as someone, running(runtime, follow(runtime)):
        yield someone
    await runtime.exits.aclose()


def path_of(subscription: Record) -> str:
    return f"{PATH}/{subscription['id']}"


async def deleted(caller: Caller, subscription: Record, version: int | None) -> httpx2.Response:
    return await caller.client.delete(f"/v1/forces/{caller.force}{path_of(subscription)}", headers=caller._headers(version))


async def test_the_secret_is_shown_once_and_never_again(caller: Caller) -> None:
    made = await caller.made(PATH, HOOK)
    shown = done(await caller.get(path_of(made)))
    listed = done(await caller.get(PATH))["items"]

    assert made["secret"].startswith("whsec_")
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert listed == [shown]
    assert "secret" not in str(await caller.stored("subscriptions").find({}))


async def test_a_new_subscription_says_where_it_is_and_at_which_version(caller: Caller) -> None:
    answer = await caller.post(PATH, HOOK | {"types": ["engagement.meeting-held.v1"], "categories": ["drugs"]})
    made = done(answer, 201)

    assert answer.headers["Location"] == f"/v1/forces/{caller.force}{path_of(made)}"
    assert (answer.headers["ETag"], answer.headers["X-Roundtable-Version"]) == ('"1"', f"{made['id']}@1")
    assert (made["owner"], made["status"], made["channel"], made["types"]) == ("ada", "active", "webhook", ["engagement.meeting-held.v1"])


async def test_creating_one_records_the_grant_of_its_owner_and_does_not_bring_a_revoked_one_back(caller: Caller) -> None:
    await caller.made(PATH, HOOK)
    grants = caller.runtime.mongo.collection("registry", "grants")
    (grant,) = await grants.find({"subject": "ada"})

    assert (grant["_id"], grant["roles"], grant["revoked_at"]) == (f"ada:{caller.force}", ["subscriber"], None)

    await grants.update_one({"_id": grant["_id"]}, {"$set": {"revoked_at": grant["granted_at"]}})

    # The registry was not read since: the refusal comes from the transaction itself.
    assert refused(await caller.post(PATH, HOOK)) == (403, "not-granted", None)
    assert (await grants.find_one({"_id": grant["_id"]}) or {})["revoked_at"] is not None
    assert len(done(await caller.get(PATH))["items"]) == 1


async def test_the_same_request_again_is_answered_as_before_with_its_secret(caller: Caller) -> None:
    first = await caller.post(PATH, HOOK, key="one")
    again = await caller.post(PATH, HOOK, key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert len(done(await caller.get(PATH))["items"]) == 1
    assert refused(await caller.post(PATH, HOOK | {"categories": ["drugs"]}, key="one"))[:2] == (422, "idempotency-key-reused")


async def test_the_same_request_twice_at_once_makes_one_subscription(caller: Caller) -> None:
    answers = await asyncio.gather(*(caller.post(PATH, HOOK, key="one") for _ in range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(done(await caller.get(PATH))["items"]) == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"url": "http://partner.example/hook"}, "#/url"),
    ({"url": "https://user:word@partner.example/"}, "#/url"),
    ({"url": "https://partner.example/#here"}, "#/url"),
    ({"url": "https://127.0.0.1/hook"}, "#/url"),
    ({"url": "https://localhost/hook"}, "#/url"),
    ({"url": "https://[::ffff:10.0.0.1]/"}, "#/url"),
    ({"url": "https://169.254.169.254/latest/meta-data"}, "#/url"),
    ({}, "#/url"),
    (HOOK | {"types": ["concern-raised.v1"]}, "#/types/0"),
    (HOOK | {"types": ["engagement.tea-served.v1"]}, "#/types/0"),
    (HOOK | {"categories": ["noise"]}, "#/categories/0"),
    (HOOK | {"neighbourhoods": ["soho"]}, "#/neighbourhoods/0"),
    (HOOK | {"secret": "whsec_AAAA"}, "#/secret"),
]


async def test_what_may_not_be_subscribed_is_refused_with_a_pointer_and_nothing_is_stored(caller: Caller) -> None:
    for facts, pointer in REFUSED:
        status, _, where = refused(await caller.post(PATH, facts))
        assert (status, where) == (422, pointer), facts

    assert done(await caller.get(PATH))["items"] == []


async def test_a_change_needs_the_version_that_was_seen(caller: Caller) -> None:
    made = await caller.made(PATH, HOOK)
    changed = done(await caller.patch(path_of(made), {"categories": ["drugs"]}, version=1))

    assert (changed["categories"], changed["version"], changed["url"]) == (["drugs"], 2, HOOK["url"])
    assert refused(await caller.patch(path_of(made), {"categories": None}, version=1))[:2] == (412, "stale-version")
    assert refused(await caller.patch(path_of(made), {"url": "https://10.0.0.1/"}, version=2)) == (422, "url-refused", "#/url")
    assert refused(await caller.patch(path_of(made), {"types": ["x"]}, version=2))[2] == "#/types/0"
    assert refused(await caller.patch(path_of(made), {"status": "disabled"}, version=2))[2] == "#/status"
    assert (await deleted(caller, made, None)).status_code == 428


async def test_only_its_maker_changes_or_deletes_a_subscription(caller: Caller) -> None:
    made = await caller.made(PATH, HOOK)
    await caller.stored("subscriptions").update_one({"id": made["id"]}, {"$set": {"owner": "grace"}})

    assert done(await caller.get(path_of(made)))["owner"] == "grace"
    assert refused(await caller.patch(path_of(made), {"types": []}, version=1))[:2] == (403, "not-the-owner")
    assert (await deleted(caller, made, 1)).status_code == 403


async def test_a_deleted_subscription_is_gone_with_its_secret(caller: Caller) -> None:
    made = await caller.made(PATH, HOOK)

    assert (await deleted(caller, made, 1)).status_code == 204
    assert refused(await caller.get(path_of(made)))[:2] == (404, "not-found")
    assert await caller.stored("secrets").count({"_id": f"{caller.force}:{made['id']}"}) == 0
    assert (await deleted(caller, made, 1)).status_code == 404


async def test_a_list_comes_in_pages(caller: Caller) -> None:
    made = [(await caller.made(PATH, HOOK))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = done(await caller.get(f"{PATH}?limit=2{cursor}"))
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == made
    assert (await caller.get(f"{PATH}?cursor=nonsense")).status_code == 422
    assert (await caller.get(f"{PATH}?limit=0")).status_code == 422


async def test_a_query_that_is_not_understood_is_refused_by_the_name_of_what_is_wrong(caller: Caller) -> None:
    made = await caller.made(PATH, HOOK)
    unknown = {f"{PATH}?limt=2": "limt", f"{path_of(made)}?a=1": "a", f"{path_of(made)}/deliveries?status=failed": "status"}
    repeated = {f"{PATH}?limit=2&limit=3": "limit", f"{path_of(made)}/deliveries?cursor=a&cursor=b": "cursor"}
    elsewhere = f"/v1/stream?force={caller.force}"

    for path, name in (unknown | repeated).items():
        answer = await caller.get(path)
        assert (answer.status_code, [each.get("parameter") for each in answer.json()["errors"]]) == (422, [name]), path
    for query, name in (("types=concern-raised", "types"), ("type=tea-served", "type.0")):
        answer = await caller.client.get(f"{elsewhere}&{query}", headers=caller._headers(None))
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, name), query
    assert (await caller.client.get("/v1/stream?force=gotham&types=x", headers=caller._headers(None))).status_code == 403


async def test_a_deletion_is_documented_by_a_whole_request(caller: Caller) -> None:
    document = done(await caller.client.get("/openapi.json"))
    deletion = document["paths"]["/v1/forces/{force}/subscriptions/{subscription_id}"]["delete"]

    method, *headers = deletion["x-codeSamples"][0]["source"].splitlines()
    assert method.startswith("DELETE /v1/forces/northamptonshire/subscriptions/")
    assert 'If-Match: "1"' in headers
    assert [each["example"] for each in deletion["parameters"] if each["name"] == "If-Match"] == ['"3"']


async def test_without_a_grant_nothing_tells_whether_a_subscription_exists(caller: Caller, place: Place) -> None:
    made = await caller.made(PATH, HOOK)
    stranger, elsewhere = caller.holding("subscriber", force=place.add_force()), caller.force
    await caller.runtime.registry.refresh()
    absent = made["id"][:-1] + ("0" if made["id"][-1] != "0" else "1")

    there, not_there = [await stranger.get(f"{PATH}/{each}", force=elsewhere) for each in (made["id"], absent)]

    assert (there.status_code, there.content) == (not_there.status_code, not_there.content)
    assert there.status_code == 404
    assert (await stranger.get(PATH, force=elsewhere)).status_code == 403
    assert (await stranger.get(path_of(made))).status_code == 404
    assert refused(await caller.holding("reader").get(PATH))[:2] == (403, "role-missing")
    assert (await caller.client.get(f"/v1/forces/{caller.force}{PATH}")).status_code == 401


async def test_the_document_shows_an_example_of_every_operation(caller: Caller) -> None:
    document = done(await caller.client.get("/openapi.json"))

    assert {path for path in document["paths"] if path.startswith("/v1")} == {
        "/v1/forces/{force}/subscriptions",
        "/v1/forces/{force}/subscriptions/{subscription_id}",
        "/v1/forces/{force}/subscriptions/{subscription_id}/deliveries",
        "/v1/forces/{force}/subscriptions/{subscription_id}/deliveries/{delivery_id}",
        "/v1/stream",
    }
