"""Whatever a schema allows or forbids, sent to the running services: none fails, and every answer is one that its document names.

Schemathesis makes the requests; the same ones in every run, since nothing here is random.
"""

import os
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.strategies import one_of
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.journeys.conftest import EVERY_ROLE, wait_until
from tests.journeys.refusing import ACTION, CONCERN, HELD, Corner, Record, at_a_corner

corner = pytest.fixture(scope="module")(at_a_corner)
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
"""Requests to each operation; `make fuzz` makes more of them."""
# What does not fit into 64 KiB of address and headers, the HTTP server turns away by itself; a character becomes up to 12.
LONGEST_QUERY = 4_000
# A version that does not come in time is told by 504; that something is away (503) is no answer while nothing is.
TIMELY = {httpx2.codes.GATEWAY_TIMEOUT}
# The stream does not end by itself: a fuzzer would wait for it for ever. `/metrics` is Prometheus's, not ours.
LEFT_OUT = ("/v1/stream", "/metrics")
SOMETHING: dict[str, Record] = {
    "organisations": {"name": "A mosque"},
    "neighbourhoods": {"name": "Town"},
    "meetings": HELD,
    "concerns": CONCERN,
    "actions": ACTION,
    "subscriptions": {"url": "http://127.0.0.1:9/hook", "types": ["engagement.meeting-due-soon.v1"]},
}


@pytest.fixture(scope="module")
def things(corner: Corner) -> dict[str, str]:
    """One record of each kind, by the name of the parameter that takes its id, and visible in the read model."""
    made = {f"{collection[:-1]}_id": corner.made(f"/{collection}", body)["id"] for collection, body in SOMETHING.items()}
    feedback = corner.made(f"/meetings/{made['meeting_id']}/feedback", {"gist": "Good"})["id"]
    with corner.product.client("readmodel", f"{corner.force}:reader") as reader:
        wait_until(lambda: reader.get(f"/v1/feedback/{feedback}").status_code == httpx2.codes.OK)
        wait_until(lambda: reader.get(f"/v1/actions/{made['action_id']}").status_code == httpx2.codes.OK)
    return made | {"feedback_id": feedback, "force": corner.force}


def operations(document: Record, things: dict[str, str]) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """The operations of a document, whose parameters name what there is."""
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in things:
                    parameter["schema"] = {"type": "string", "enum": [things[parameter["name"]]]}
                if parameter["name"] == "wait":
                    # A version that never comes would be waited for in earnest.
                    parameter |= {"required": True, "schema": {"type": "string", "enum": ["0s", "10ms"]}}
        if path in LEFT_OUT:
            item.clear()
    for found in from_dict(document).get_all_operations():
        assert isinstance(found, Ok), found
        yield found.ok()


def current(client: httpx2.Client, case: Case[Any]) -> dict[str, str]:
    """The version that a change must name, for requests that get that far."""
    if case.method in {"GET", "DELETE"} or "If-Match" not in (case.headers or {}):
        return {}
    path = "/".join(case.formatted_path.split("/")[:6])
    tag = client.get(path).headers.get("ETag")
    return {"If-Match": tag} if tag else {}


def trouble(client: httpx2.Client, operation: APIOperation[Any, Any, Any, Any]) -> list[str]:
    """What is wrong with the answers of an operation to requests that its schema allows, and to others if there can be any."""
    found: list[str] = []
    can_be_wrong = operation.body or list(operation.iter_parameters())
    modes = list(GenerationMode) if can_be_wrong else [GenerationMode.POSITIVE]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=one_of([operation.as_strategy(generation_mode=mode) for mode in modes]))
    def ask(case: Case[Any]) -> None:
        assume(len(str(case.query)) < LONGEST_QUERY)
        headers = {"Authorization": client.headers["Authorization"]} | current(client, case)
        answer = case.call(base_url=str(client.base_url), headers=headers, timeout=10)
        if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR and answer.status_code not in TIMELY:
            found.append(f"{operation.label}: {answer.status_code} {answer.text}")
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            found.extend(f"{operation.label}: {failure}" for failure in failures.exceptions)

    ask()
    return found


@pytest.mark.parametrize("service", ["readmodel", "meetings", "concerns", "notifications"])
def test_no_request_makes_a_service_fail_or_answer_what_its_document_does_not_name(
    corner: Corner, things: dict[str, str], service: str
) -> None:
    with corner.product.client(service, f"{corner.force}:{EVERY_ROLE}") as client:
        document = client.get("/openapi.json").json()
        found = [each for operation in operations(document, things) for each in trouble(client, operation)]
    assert found == []
