"""Bad input: each kind gets its problem, with a pointer where there is one, and never a 5xx."""

import json
from typing import Any

import httpx2
import pytest

from chassis import bodies
from chassis.runtime import Runtime
from tests.unit.leaflets import FACTS, HERE, PATH, Issuer, Shelf

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def recorder(issuer: Issuer) -> dict[str, str]:
    return JSON | issuer.bearer({HERE: ["recorder"]})


async def refused(door: httpx2.AsyncClient, recorder: dict[str, str], body: bytes | str, **headers: str) -> tuple[int, str]:
    answer = await door.post(PATH, headers=recorder | {name.replace("_", "-"): value for name, value in headers.items()}, content=body)
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["title"]
    assert problem["detail"]
    return answer.status_code, problem["type"].removeprefix("urn:roundtable:problem:")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'\xef\xbb\xbf{"category": "drugs"}',
        b'{"category": NaN}',
        b'{"category": -Infinity}',
        b'{"category": "drugs", "category": "burglary"}',
        b'{"category": ' + b"9" * 5_000 + b"}",
        b'{"said": "a\x00b"}',
    ],
)
async def test_what_is_not_json_cannot_be_read(door: httpx2.AsyncClient, recorder: dict[str, str], body: bytes) -> None:
    assert await refused(door, recorder, body) == (400, "invalid-json")


@pytest.mark.parametrize("body", [b"[" * 50_000, b"[" * 50_000 + b"]" * 50_000, b'{"a":' * 40 + b"1" + b"}" * 40])
async def test_brackets_without_end_are_too_deep(door: httpx2.AsyncClient, recorder: dict[str, str], body: bytes) -> None:
    assert (await refused(door, recorder, body))[0] == 400


async def test_a_body_over_256_kib_is_too_large(door: httpx2.AsyncClient, recorder: dict[str, str], runtime: Runtime) -> None:
    fits = json.dumps(FACTS).encode().ljust(bodies.LARGEST)

    assert await refused(door, recorder, fits + b" ") == (413, "body-too-large")
    assert not runtime.kept(Shelf)
    assert (await door.post(PATH, headers=recorder, content=fits)).status_code == 201


async def test_a_body_without_a_declared_length_is_counted(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 65_536

    answer = await door.post(PATH, headers=recorder, content=endless())

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "application/merge-patch+json"},
        {"Content_Type": "application/json; charset=utf-16"},
        {"Content_Type": "; ;"},
        {"Content_Encoding": "gzip"},
    ],
)
async def test_another_media_type_is_not_supported(door: httpx2.AsyncClient, recorder: dict[str, str], headers: dict[str, str]) -> None:
    assert await refused(door, recorder, json.dumps(FACTS), **headers) == (415, "not-json")


async def test_a_content_type_is_asked_for(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = await door.post(PATH, headers=issuer.bearer({HERE: ["recorder"]}), content=json.dumps(FACTS))

    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ('{"category": "drugs", "said": "\\ud800"}', "#/said", "lone_surrogate"),
        ('{"category": "drugs", "\\udfff/~ x": 1}', "#/?~1~0%20x", "lone_surrogate"),
        ('{"category": "drugs", "related": [{"force": "\\ud800", "id": ""}]}', "#/related/0/force", "lone_surrogate"),
        ('{"category": "drugs", "said": 1e400}', "#/said", "out_of_range"),
        ('{"category": "drugs", "said": 9007199254740993}', "#/said", "out_of_range"),
        ('{"category": "drugs", "said": "ring 07700 900123"}', "#/said", "contact_details"),
        ('{"category": "drugs", "said": "a\\u0000b"}', "#/said", "control_characters"),
        ('{"category": "no-such-code"}', "#/category", "unknown_code"),
        ('{"category": "drugs", "nåme": 1}', "#/n%C3%A5me", "unknown_field"),
        ('{"category": "drugs", "raised_on": "6 May"}', "#/raised_on", "wrong_date"),
        ('{"category": "drugs", "related": [{"force": "essex"}]}', "#/related/0/id", "missing"),
        ('{"said": "no category"}', "#/category", "missing"),
    ],
)
async def test_what_is_wrong_is_pointed_at(door: httpx2.AsyncClient, recorder: dict[str, str], body: str, pointer: str, code: str) -> None:
    answer = await door.post(PATH, headers=recorder, content=body)

    assert answer.status_code == 422
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


@pytest.mark.parametrize("body", ["null", "[]", "1", '"text"', "true", "", "{}"])
async def test_any_other_json_value_is_invalid(door: httpx2.AsyncClient, recorder: dict[str, str], body: str) -> None:
    assert await refused(door, recorder, body) == (422, "invalid-request")


async def test_a_problem_never_repeats_what_was_sent(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    sent = {"category": "someone@example.org", "said": "ring 07700 900123", "priority": "topmost"}

    answer = await door.post(PATH, headers=recorder, json=sent)

    assert answer.status_code == 422
    assert not any(words in answer.text for words in ("someone@example.org", "07700", "topmost"))


async def test_a_flood_of_errors_is_cut_short(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    answer = await door.post(PATH, headers=recorder, json=FACTS | {f"f{number}": 1 for number in range(5_000)})

    assert len(answer.json()["errors"]) == 100


async def test_an_operation_without_a_body_takes_none(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    created = (await door.post(PATH, headers=recorder, json=FACTS)).json()["id"]

    assert (await door.post(f"{PATH}/{created}/fold", headers=recorder, json={"why": "so"})).status_code == 422
    assert (await door.post(f"{PATH}/{created}/fold", headers=recorder, json={})).status_code == 409


async def test_an_optional_body_may_be_left_out(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    created = (await door.post(PATH, headers=recorder, json=FACTS)).json()["id"]

    assert (await door.post(f"{PATH}/{created}/progress", headers=recorder)).json()["progress"] is None
    assert (await door.post(f"{PATH}/{created}/progress", headers=recorder, json={"progress": "begun"})).json()["progress"] == "begun"
    assert (await door.post(f"{PATH}/{created}/progress", headers=recorder, json={"progess": "begun"})).status_code == 422


async def test_a_wrong_parameter_is_named(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = await door.get(f"{PATH}?limit=many", headers=issuer.bearer({HERE: ["reader"]}))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "limit"
    assert "many" not in answer.text


async def test_an_id_of_the_wrong_form_names_nothing(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = await door.get(f"{PATH}/not-an-id", headers=issuer.bearer({HERE: ["reader"]}))

    assert answer.status_code == 404


@pytest.mark.parametrize("address", ["/v1/mine%00", "/v1/mine?x=%00", f"{PATH}/%00"])
async def test_null_characters_in_an_address_are_refused(door: httpx2.AsyncClient, address: str) -> None:
    assert (await door.get(address)).status_code == 400


async def test_unknown_addresses_and_methods_are_problems_too(door: httpx2.AsyncClient) -> None:
    nothing = await door.get("/v1/nothing-here")
    slash = await door.get("/v1/mine/")
    method = await door.put("/v1/mine", json={})

    assert [answer.status_code for answer in (nothing, slash, method)] == [404, 404, 405]
    assert {answer.headers["Content-Type"] for answer in (nothing, slash, method)} == {"application/problem+json"}
    assert method.headers["Allow"] == "GET"
