"""Whatever a schema allows or forbids, sent by anybody: no service fails, and every answer is one that its document names."""

import os

import pytest

from tests.journeys.fuzzing import Visitor, fuzz, things_of, visitors
from tests.journeys.refusing import Corner, at_a_corner

corner = pytest.fixture(scope="module")(at_a_corner)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))
"""Requests to each operation; `make fuzz` makes more of them."""


@pytest.fixture(scope="module")
def things(corner: Corner) -> dict[str, str]:
    return things_of(corner.product, corner.force)


@pytest.fixture(scope="module")
def others(corner: Corner) -> list[Visitor]:
    return visitors(corner.product, corner.force, corner.other)


@pytest.mark.parametrize("service", ["readmodel", "meetings", "concerns", "notifications"])
def test_no_request_makes_a_service_fail_or_answer_what_its_document_does_not_name(
    corner: Corner, things: dict[str, str], others: list[Visitor], service: str
) -> None:
    fuzzed = fuzz(corner.product, service, things, others, EXAMPLES)
    print(f"\n{service}: {fuzzed}")  # noqa: T201 - how much was tried says what the test is worth
    assert fuzzed.found == []
