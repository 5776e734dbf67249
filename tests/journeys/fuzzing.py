"""Whatever a schema allows or forbids, sent by anybody to running services. Schemathesis makes the requests; nothing here is random."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.strategies import one_of, sampled_from
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.journeys.conftest import EVERY_ROLE, Reachable, created, wait_until
from tests.journeys.refusing import ACTION, CONCERN, HELD, OWNERS, Record

Operation = APIOperation[Any, Any, Any, Any]
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
# What does not fit into 64 KiB of address and headers, the HTTP server turns away by itself; a character becomes up to 12.
LONGEST_QUERY = 4_000
# A version that does not come in time is told by 504; that something is away (503) is no answer while nothing is.
TIMELY = {httpx2.codes.GATEWAY_TIMEOUT}
# The stream does not end by itself: a fuzzer would wait for it for ever. `/metrics` is Prometheus's, not ours.
LEFT_OUT = ("/v1/stream", "/metrics")
# What cannot be read as a request at all is turned away at the entrance, whoever sends it.
UNKNOWN = {httpx2.codes.UNAUTHORIZED, httpx2.codes.BAD_REQUEST}
# A second `Authorization`, which a schema does not forbid to send, makes anybody unknown.
NOT_GRANTED = {httpx2.codes.FORBIDDEN, httpx2.codes.NOT_FOUND, *UNKNOWN}
SOMETHING: Mapping[str, Record] = {
    "organisations": {"name": "A mosque"},
    "neighbourhoods": {"name": "Town"},
    "meetings": HELD,
    "concerns": CONCERN,
    "actions": ACTION,
    "subscriptions": {"url": "http://127.0.0.1:9/hook", "types": ["engagement.meeting-due-soon.v1"]},
}


@dataclass(frozen=True)
class Visitor:
    """Someone who sends requests, by what their token is."""

    name: str
    headers: Mapping[str, str]
    is_known: bool = True
    """Whether the token is one at all."""
    is_here: bool = True
    """Whether it grants anything in the force of the requests."""


@dataclass
class Fuzzed:
    """What was found, and how many requests each visitor made."""

    found: list[str] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    operations: int = 0

    def __str__(self) -> str:
        """In words."""
        each = ", ".join(f"{count} {name}" for name, count in self.requests.items())
        return f"{self.requests.total()} requests to {self.operations} operations: {each}"


def visitors(product: Reachable, force: str, other: str) -> list[Visitor]:
    """Somebody with every role, who comes most often, and everybody who may do less or nothing."""

    def bearing(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    good = product.token(f"{force}:{EVERY_ROLE}")
    expired = product.token(f"{force}:{EVERY_ROLE}", lifetime=-timedelta(hours=1))
    one = Visitor("every role", bearing(good))
    return [
        *[one] * 4,
        Visitor("one role", bearing(product.token(f"{force}:publisher"))),
        Visitor("another force's", bearing(product.token(f"{other}:{EVERY_ROLE}")), is_here=False),
        Visitor("absent", {}, is_known=False),
        Visitor("garbage", bearing("no.token.at-all"), is_known=False),
        Visitor("expired", bearing(expired), is_known=False),
        Visitor("forged", bearing(good[:-8] + "AAAAAAAA"), is_known=False),
    ]


def things_of(product: Reachable, force: str) -> dict[str, str]:
    """One record of each kind, by the name of the parameter that takes its id, and visible in the read model."""
    made: dict[str, str] = {"force": force}
    for collection, body in SOMETHING.items():
        made[f"{collection[:-1]}_id"] = _made(product, OWNERS[collection], force, f"/{collection}", body)
    made["feedback_id"] = _made(product, "meetings", force, f"/meetings/{made['meeting_id']}/feedback", {"gist": "Good"})
    with product.client("readmodel", f"{force}:reader") as reader:
        wait_until(lambda: reader.get(f"/v1/feedback/{made['feedback_id']}").status_code == httpx2.codes.OK)
        wait_until(lambda: reader.get(f"/v1/actions/{made['action_id']}").status_code == httpx2.codes.OK)
    return made


def _made(product: Reachable, service: str, force: str, path: str, body: Record) -> str:
    with product.client(service, f"{force}:{EVERY_ROLE}") as client:
        return str(created(client.post(f"/v1/forces/{force}{path}", json=body))["id"])


def fuzz(product: Reachable, service: str, things: Mapping[str, str], others: Sequence[Visitor], examples: int) -> Fuzzed:
    """Send so many requests to each operation of a service."""
    fuzzed = Fuzzed()
    with product.client(service, f"{things['force']}:{EVERY_ROLE}") as client:
        for operation in operations(client.get("/openapi.json").json(), things):
            fuzzed.operations += 1
            _try(client, operation, others, examples, fuzzed)
    return fuzzed


def operations(document: Record, things: Mapping[str, str]) -> Iterator[Operation]:
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


def _try(client: httpx2.Client, operation: Operation, others: Sequence[Visitor], examples: int, fuzzed: Fuzzed) -> None:
    """Requests that the operation's schema allows, and others if there can be any."""
    modes = list(GenerationMode) if operation.body or list(operation.iter_parameters()) else [GenerationMode.POSITIVE]

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=one_of([operation.as_strategy(generation_mode=mode) for mode in modes]), visitor=sampled_from(others))
    def ask(case: Case[Any], visitor: Visitor) -> None:
        assume(len(str(case.query)) < LONGEST_QUERY)
        answer = case.call(base_url=str(client.base_url), headers=dict(visitor.headers) | _current(client, case), timeout=10)
        fuzzed.requests[visitor.name] += 1
        fuzzed.found.extend(f"{operation.label} by {visitor.name}: {each}" for each in _wrong(operation, case, visitor, answer))

    ask()


def _current(client: httpx2.Client, case: Case[Any]) -> dict[str, str]:
    """The version that a change must name, for requests that get that far."""
    if case.method in {"GET", "DELETE"} or "If-Match" not in (case.headers or {}):
        return {}
    path = "/".join(case.formatted_path.split("/")[:6])
    tag = client.get(path).headers.get("ETag")
    return {"If-Match": tag} if tag else {}


def _wrong(operation: Operation, case: Case[Any], visitor: Visitor, answer: Any) -> Iterator[str]:
    """What is wrong with an answer."""
    status = answer.status_code
    if status >= httpx2.codes.INTERNAL_SERVER_ERROR and status not in TIMELY:
        yield f"{status} {answer.text}"
    if operation.definition.raw.get("security") and not visitor.is_known and status not in UNKNOWN:
        yield f"answered with {status}, and not with 401"
    if "{force}" in operation.path and visitor.is_known and not visitor.is_here and status not in NOT_GRANTED:
        yield f"answered with {status}, and not as what is not granted"
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as failures:
        yield from map(str, failures.exceptions)
