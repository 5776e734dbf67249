"""Which problem each failure becomes."""

import json

import httpx2
import pytest

from chassis.problems import pointer
from tests.unit.leaflets import FACTS, HERE, PATH, Issuer

ANY_ID = "01970000-0000-7000-8000-000000000000"


async def test_a_refusal_of_the_domain_takes_its_status_from_the_services_table(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = await door.post(f"{PATH}/{ANY_ID}/fold", headers=issuer.bearer({HERE: ["recorder"]}))

    assert answer.status_code == 409
    assert answer.json() == {
        "type": "urn:roundtable:problem:already-folded",
        "title": "Already folded",
        "status": 409,
        "detail": f"leaflet {ANY_ID} is folded",
        "errors": [{"pointer": "#/fold", "detail": f"leaflet {ANY_ID} is folded", "code": "already_folded"}],
    }


async def test_a_failure_of_ours_says_nothing_but_its_trace(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/broken")

    assert answer.status_code == 500
    assert answer.json() == {"type": "urn:roundtable:problem:internal-error", "title": "Internal error", "status": 500}
    assert len(answer.headers["X-Trace-Id"]) == 32


async def test_a_database_that_is_away_is_said_so_with_when_to_come_back(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/database")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json()["type"] == "urn:roundtable:problem:unavailable"
    assert "127.0.0.1" not in answer.text


async def test_a_patch_that_could_not_have_been_entered_is_pointed_at(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    recorder = issuer.bearer({HERE: ["recorder"]})
    created = (await door.post(PATH, headers=recorder, json=FACTS)).json()["id"]

    answer = await door.patch(f"{PATH}/{created}", headers=recorder | {"If-Match": '"1"'}, json={"related": [{"force": 5}]})

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"#/related/0/force", "#/related/0/id"}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ((), "#"),
        (("a", 0, "b"), "#/a/0/b"),
        (("a/b~c",), "#/a~1b~0c"),
        (("50%", "né"), "#/50%25/n%C3%A9"),
        (("\ud800",), "#/?"),
        (('"<script>',), "#/%22%3Cscript%3E"),
    ],
)
def test_a_pointer_is_a_json_pointer_in_a_uri_fragment(path: tuple[str | int, ...], written: str) -> None:
    assert pointer(*path) == written
    assert json.dumps(pointer(*path)).isascii()
