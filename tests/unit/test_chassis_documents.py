"""The OpenAPI document: everything that a caller needs, with an example to try of every operation."""

import json
import re
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from chassis.documents import operations, without_example
from contracts.vouching import HEADER
from tests.unit.leaflets import FACTS


@pytest.fixture
async def document(door: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await door.get("/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(operations(document))[name]


def test_the_service_names_itself(document: dict[str, Any]) -> None:
    assert document["info"]["title"] == "Roundtable: leaflets"
    assert document["info"]["version"]


def test_every_operation_has_an_example(document: dict[str, Any]) -> None:
    assert without_example(document) == []


def test_an_operation_without_an_example_is_found(document: dict[str, Any]) -> None:
    del operation(document, "POST /v1/forces/{force}/leaflets")["requestBody"]["content"]["application/json"]["example"]

    assert without_example(document) == ["POST /v1/forces/{force}/leaflets"]


def test_admitted_operations_ask_for_a_bearer_token_and_open_ones_do_not(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    secured = {name for name, each in operations(document) if each.get("security")}
    assert {name for name, _ in operations(document)} - secured == {
        "GET /broken",
        "GET /database",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
    }


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    answers = operation(document, "POST /v1/forces/{force}/leaflets")["responses"]

    assert answers.keys() == {"201", "400", "401", "403", "404", "408", "413", "415", "422", "429", "503"}
    assert answers["422"]["content"].keys() == {"application/problem+json"}
    Draft202012Validator.check_schema(document["components"]["schemas"]["Problem"])
    assert "HTTPValidationError" not in json.dumps(document)


async def test_a_problem_is_as_its_schema_says(door: httpx2.AsyncClient, document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}

    Draft202012Validator(schema).validate((await door.get("/v1/mine")).json())


def test_changes_name_if_match_and_posts_an_idempotency_key(document: dict[str, Any]) -> None:
    def headers(name: str) -> dict[str, bool]:
        sent = operation(document, name).get("parameters", [])
        return {each["name"]: each.get("required", False) for each in sent if each["in"] == "header"}

    assert headers("PATCH /v1/forces/{force}/leaflets/{leaflet}") == {"If-Match": True, HEADER: False}
    assert headers("POST /v1/forces/{force}/leaflets") == {"Idempotency-Key": False, HEADER: False}
    assert headers("POST /v1/forces/{force}/leaflets/{leaflet}/fold") == {"Idempotency-Key": False}
    assert headers("GET /v1/forces/{force}/leaflets") == {}


def test_every_part_of_a_path_is_described(document: dict[str, Any]) -> None:
    for name, each in operations(document):
        described = {parameter["name"] for parameter in each.get("parameters", []) if parameter["in"] == "path"}
        assert described == set(re.findall(r"{(\w+)}", name)), name


def test_a_patch_may_be_sent_as_one(document: dict[str, Any]) -> None:
    content = operation(document, "PATCH /v1/forces/{force}/leaflets/{leaflet}")["requestBody"]["content"]

    assert content.keys() == {"application/json", "application/merge-patch+json"}


def test_requests_are_closed_and_their_examples_valid(document: dict[str, Any]) -> None:
    schema = operation(document, "POST /v1/forces/{force}/leaflets")["requestBody"]["content"]["application/json"]["schema"]
    valid = Draft202012Validator(schema | {"components": document["components"]})

    valid.validate(FACTS)
    assert not valid.is_valid(FACTS | {"unknown": 1})
    assert not valid.is_valid({"category": "no-such-code"})


async def test_the_page_at_docs_needs_nothing_from_elsewhere(door: httpx2.AsyncClient) -> None:
    page = await door.get("/docs")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "/v1/forces/{force}/leaflets/{leaflet}/fold" in page.text
    assert not any(outside in page.text for outside in ("http://", "https://", "<script"))
