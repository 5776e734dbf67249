"""`roundtable positions` as an operator types it, beside the whole product; what stops a partition is tried with the consumer."""

import subprocess

import pytest

from contracts.topics import PARTITIONS, topic
from tests.journeys.conftest import Product, roundtable, wait_until

FORCE = "surrey"


def positions(product: Product, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return roundtable(product, "positions", *arguments, answer=answer)


@pytest.fixture
def stopped(product: Product) -> int:
    """The number of a partition that the read model stopped, by what stands in its own database: it is taken up at the next start."""
    product.add_force(FORCE)
    wait_until(lambda: len(of_force(product)) == 2 * PARTITIONS, 30)
    with product.engines.mongo.client() as client:
        # Of every build of the model: other journeys may have rebuilt it.
        where = {"topic": topic(FORCE), "partition": 1}
        client["readmodel"]["positions"].update_many(where, {"$set": {"stopped": {"why": "the log was cut"}}})
    return 1


def of_force(product: Product) -> list[list[str]]:
    done = positions(product, "list")
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [row for row in rows if row[1] == topic(FORCE)]


def test_a_stopped_partition_is_listed_with_its_reason_and_goes_on_when_an_operator_says_so(product: Product, stopped: int) -> None:
    asked = ("resume", "--service", "readmodel", "--force", FORCE, "--partition", str(stopped))
    rows = {(service, number): rest for service, _, number, *rest in of_force(product)}

    assert rows["readmodel", "1"] == ["0", "0-0", "the log was cut"]
    assert rows["readmodel", "0"] == ["0", "0-0", "reads on"]
    assert positions(product, *asked, answer="n\n").returncode == 1

    done = positions(product, *asked, "--from-start", "--yes")
    assert (done.returncode, done.stdout) == (0, f"readmodel reads partition 1 of {topic(FORCE)} on from 0\n")
    assert {row[-1] for row in of_force(product)} == {"reads on"}

    again = positions(product, *asked, "--yes")
    assert again.returncode == 1
    assert again.stderr == f"roundtable: {topic(FORCE)}-1 is not stopped in readmodel: `roundtable positions list` shows what is\n"
