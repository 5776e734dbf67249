"""Who is admitted: judged by token, then grant, then role, before a byte of the body is looked at."""

import httpx2
import pytest

from chassis.registry import Registry, Snapshot
from chassis.runtime import Runtime
from tests.unit.leaflets import FACTS, HERE, NOWHERE, PATH, THERE, Issuer

ANY_ID = "01970000-0000-7000-8000-000000000000"
TOO_LARGE = b'"' + b"x" * 300_000 + b'"'


def slug(answer: httpx2.Response) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return str(answer.json()["type"]).removeprefix("urn:roundtable:problem:")


async def test_without_a_token_nothing_is_looked_at(door: httpx2.AsyncClient) -> None:
    answer = await door.post(PATH, content=TOO_LARGE)

    assert (answer.status_code, slug(answer)) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("force", [THERE, NOWHERE, "not%20a%20slug"])
async def test_a_thing_of_a_force_without_a_grant_is_absent(door: httpx2.AsyncClient, issuer: Issuer, force: str) -> None:
    answer = await door.get(f"/v1/forces/{force}/leaflets/{ANY_ID}", headers=issuer.bearer({HERE: ["reader"]}))

    assert (answer.status_code, slug(answer)) == (404, "not-found")


async def test_absent_and_not_granted_answer_alike(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    bearer = issuer.bearer({HERE: ["reader"]})

    absent = await door.get(f"{PATH}/{ANY_ID}", headers=bearer)
    not_granted = await door.get(f"/v1/forces/{THERE}/leaflets/{ANY_ID}", headers=bearer)

    assert absent.json() == not_granted.json()
    assert {**absent.headers, "x-trace-id": ""} == {**not_granted.headers, "x-trace-id": ""}


@pytest.mark.parametrize("force", [THERE, NOWHERE])
async def test_a_list_or_a_write_without_a_grant_is_forbidden(door: httpx2.AsyncClient, issuer: Issuer, force: str) -> None:
    bearer = issuer.bearer({HERE: ["reader", "recorder"]})

    listing = await door.get(f"/v1/forces/{force}/leaflets", headers=bearer)
    writing = await door.post(f"/v1/forces/{force}/leaflets", headers=bearer, content=TOO_LARGE)
    folding = await door.post(f"/v1/forces/{force}/leaflets/{ANY_ID}/fold", headers=bearer)

    assert [slug(answer) for answer in (listing, writing, folding)] == ["not-granted"] * 3


async def test_a_grant_without_the_role_is_forbidden_before_the_body_is_read(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = await door.post(PATH, headers=issuer.bearer({HERE: ["reader", "publisher"]}), content=TOO_LARGE)

    assert (answer.status_code, slug(answer)) == (403, "role-missing")


async def test_every_force_counts_for_the_reader_roles_alone(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    bearer = issuer.bearer({"*": ["reader", "recorder", "controller"]})

    assert (await door.get(f"/v1/forces/{THERE}/leaflets", headers=bearer)).status_code == 200
    assert (await door.get(f"/v1/forces/{NOWHERE}/leaflets", headers=bearer)).status_code == 403
    assert slug(await door.post(PATH, headers=bearer, json=FACTS)) == "role-missing"


async def test_a_token_counts_less_what_is_revoked(door: httpx2.AsyncClient, issuer: Issuer, runtime: Runtime) -> None:
    bearer = issuer.bearer({HERE: ["reader", "recorder"]})
    forces = {HERE: "Northamptonshire Police"}

    await _take(runtime, Snapshot(forces, {}, {("ada", HERE): frozenset({"recorder"})}))
    assert (await door.post(PATH, headers=bearer, json=FACTS)).status_code == 403
    assert (await door.get(PATH, headers=bearer)).status_code == 200

    await _take(runtime, Snapshot(forces, {}, {("ada", HERE): frozenset()}))
    assert slug(await door.get(PATH, headers=bearer)) == "not-granted"
    assert (await door.get(PATH, headers=issuer.bearer({HERE: ["reader"]}, sub="grace"))).status_code == 200


async def test_without_a_force_in_the_path_a_valid_token_is_enough(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    own = {HERE: ["reader"], THERE: ["operator"], NOWHERE: ["reader"]}

    assert (await door.get("/v1/mine", headers=issuer.bearer(own))).json() == {"forces": [HERE]}
    assert (await door.get("/v1/mine", headers=issuer.bearer({"*": ["reader"]}))).json() == {"forces": [THERE, HERE]}
    assert (await door.get("/v1/mine")).status_code == 401


async def test_a_stream_is_admitted_like_anything_else(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = await door.get("/v1/live", headers=issuer.bearer({HERE: ["reader"]}))

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert f'data: "{HERE}"' in answer.text
    assert (await door.get("/v1/live")).status_code == 401


async def test_before_the_registry_was_read_nobody_is_told_that_they_have_no_grant(
    door: httpx2.AsyncClient, issuer: Issuer, runtime: Runtime
) -> None:
    async def never() -> Snapshot:
        raise AssertionError

    runtime.registry = Registry(never)

    answer = await door.get(PATH, headers=issuer.bearer({HERE: ["reader"]}))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert (await door.get(PATH)).status_code == 401


async def test_a_token_sent_twice_is_none(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    sent = issuer.bearer({HERE: ["reader"]})["Authorization"]

    assert (await door.get(PATH, headers=[("Authorization", sent), ("Authorization", sent)])).status_code == 401


async def test_head_is_answered_as_get_without_a_body(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    bearer = issuer.bearer({HERE: ["reader"]})

    for path in (PATH, f"{PATH}/{ANY_ID}", "/health/ready", "/openapi.json", "/nowhere", "/v1/live"):
        head, got = await door.head(path, headers=bearer), await door.get(path, headers=bearer)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert {**head.headers, "x-trace-id": ""} == {**got.headers, "x-trace-id": ""}
    assert (await door.head(PATH)).status_code == 401


async def _take(runtime: Runtime, snapshot: Snapshot) -> None:
    async def read() -> Snapshot:
        return snapshot

    runtime.registry = Registry(read)
    await runtime.registry.refresh()
