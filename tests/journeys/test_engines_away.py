"""Kafka or MongoDB hangs for a while: what is said meanwhile, and that all goes on by itself when it is back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.journeys.conftest import wait_until
from tests.journeys.refusing import CONCERN, PLANNED, Corner, at_a_corner, told

corner = pytest.fixture(scope="module")(at_a_corner)
CONCERNS = "/concerns"
LONGEST = 30.0
"""Seconds within which a service says that its database is away: its driver waits 20 s for a server that hangs."""


@contextmanager
def hanging(argument: Path) -> Iterator[None]:
    """The engine that was started with this argument keeps its connections and answers nothing.

    An engine in a container is found like any other process: it runs on this machine, as us, on a folder of ours.
    """
    (engine,) = [process for process in psutil.process_iter(["cmdline"]) if str(argument) in (process.info["cmdline"] or ())]
    engine.suspend()
    try:
        yield
    finally:
        engine.resume()


def readiness(corner: Corner, service: str) -> httpx2.Response:
    return httpx2.get(f"{corner.product.url(service)}/health/ready", timeout=10)


def test_without_kafka_what_is_recorded_is_accepted_and_delivered_later(corner: Corner) -> None:
    with corner.product.client("readmodel", f"{corner.force}:reader") as reader:
        with hanging(corner.product.engines.home.kafka / "server.properties"):
            recorded = {"concerns": corner.made("/concerns", CONCERN), "meetings": corner.made("/meetings", PLANNED)}
            wait_until(lambda: not readiness(corner, "concerns").json()["checks"]["kafka"]["ok"])
            told_meanwhile = readiness(corner, "concerns")
            absent = [reader.get(f"/v1/{name}/{record['id']}").status_code for name, record in recorded.items()]

        assert told_meanwhile.status_code == 200, "concerns does its work without Kafka"
        assert told_meanwhile.json()["checks"]["kafka"]["why"]
        assert absent == [404, 404]
        paths = [f"/v1/{name}/{record['id']}" for name, record in recorded.items()]
        wait_until(lambda: all(reader.get(path).status_code == 200 for path in paths), within=30)
    wait_until(lambda: readiness(corner, "readmodel").status_code == 200)


def test_without_mongodb_a_caller_is_told_to_come_back_and_operators_are_told_why(corner: Corner) -> None:
    before = corner.stored()
    with hanging(corner.product.engines.home.mongo / "data"):
        write = corner.ask("POST", CONCERNS, json=CONCERN, key="away", timeout=LONGEST)
        ready = [readiness(corner, service) for service in corner.product.services]
        alive = [httpx2.get(f"{corner.product.url(service)}/health/live").status_code for service in corner.product.services]

    assert told(write).status == 503
    assert int(write.headers["Retry-After"]) > 0
    assert [answer.status_code for answer in ready] == [503] * 4
    assert {answer.json()["checks"]["mongo"]["ok"] for answer in ready} == {False}
    assert all(answer.json()["checks"]["mongo"]["why"] for answer in ready)
    assert alive == [200] * 4
    wait_until(lambda: all(readiness(corner, service).status_code == 200 for service in corner.product.services))
    assert corner.stored() == before
    # What was under way in a server that stood still may hold the key for as long as a transaction lives there: ten seconds.
    wait_until(lambda: corner.ask("POST", CONCERNS, json=CONCERN, key="away").status_code == 201, within=15)
