"""`roundtable parked` as an operator types it, beside the whole product: what it shows, what it does, and its exit status."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts.topics import topic
from tests.journeys.conftest import Product, roundtable, wait_until

FORCE = "gwent"
WORDS = b"what was said, and no JSON"


def parked(product: Product, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return roundtable(product, "parked", *arguments, answer=answer)


@pytest.fixture
def here(product: Product) -> Iterator[Product]:
    """The product, with one record on the log of a force that is no event; both services park it."""
    product.add_force(FORCE)
    producer = Producer({**product.engines.kafka_client("concerns"), "log_level": 0})
    producer.produce(topic(FORCE), WORDS, key=b"x")
    assert producer.flush(20) == 0
    wait_until(lambda: len(listed(product)) == 2, 30)
    yield product
    parked(product, "discard", "--force", FORCE, "--why", "the test is over", "--yes")


def listed(product: Product) -> list[dict[str, Any]]:
    done = parked(product, "list", "--force", FORCE, "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_what_is_parked_is_listed_shown_redriven_and_discarded(here: Product) -> None:
    found = listed(here)
    (event,) = {each["id"] for each in found}
    lines = parked(here, "list", "--force", FORCE).stdout.splitlines()
    shown = parked(here, "show", event, "--service", "readmodel")

    assert {each["service"] for each in found} == {"readmodel", "notifications"}
    assert [each["reason"] for each in found] == ["undecodable"] * 2
    assert all(line.startswith(event) and "the record lacks the headers" in line for line in lines)
    assert len(lines) == 2
    assert json.loads(shown.stdout)[0]["bytes"] == len(WORDS)
    assert "what was said" not in shown.stdout

    redriven = parked(here, "redrive", event)
    assert redriven.returncode == 1
    assert redriven.stdout.count("stays parked: the record lacks the headers") == 2
    assert [each["attempts"] for each in listed(here)] == [1, 1]

    refused = parked(here, "discard", event, "--why", "no event", answer="n\n")
    assert refused.returncode == 1
    assert len(listed(here)) == 2

    gone = parked(here, "discard", event, "--service", "readmodel", "--why", "no event", "--by", "ada", "--yes")
    assert (gone.returncode, gone.stdout, gone.stderr) == (0, f"{event}\treadmodel\tdiscarded\n", "")
    assert [each["service"] for each in listed(here)] == ["notifications"]
    with here.engines.mongo.client() as client:
        audit = client["readmodel"]["discarded"].find_one({"parked": event})
    assert audit is not None
    assert (audit["by"], audit["because"]) == ("ada", "no event")


def test_what_is_asked_for_wrongly_is_refused_with_a_sentence(here: Product) -> None:
    for arguments, said in (
        (["redrive"], "say which"),
        (["redrive", "--all", "--force", FORCE], "say which"),
        (["redrive", "nothing:0:0:0"], "nothing is parked under nothing:0:0:0"),
        (["list", "--service", "meetings"], "parks nothing"),
        (["redrive", "--all", "--wait", "soon"], "is not a time"),
    ):
        done = parked(here, *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("roundtable: ")
        assert said in done.stderr
        assert done.stdout == ""
