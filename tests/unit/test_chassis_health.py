"""Health: alive as long as the loop turns; ready when every required part is, and saying why when one is not."""

import asyncio
import time

import httpx2
import pytest

from chassis.health import Checks, Unready
from chassis.runtime import Runtime
from tests.unit.leaflets import Issuer


class Part:
    """A part that a test makes well or ill."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.asked = 0

    async def probe(self) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def checks() -> Checks:
    return Checks(asyncio.Event())


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_a_live_process_says_so_without_a_token(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"live": True})


async def test_ready_tells_of_each_part(door: httpx2.AsyncClient, runtime: Runtime) -> None:
    runtime.checks.add("kafka", Part(Unready("no broker answers")).probe, required=False)

    answer = await door.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {
            "jwks": {"ok": True, "required": True, "why": None},
            "kafka": {"ok": False, "required": False, "why": "no broker answers"},
        },
    }


async def test_not_ready_says_why(door: httpx2.AsyncClient, runtime: Runtime) -> None:
    runtime.checks.add("mongo", Part(Unready("MongoDB does not answer")).probe)

    answer = await door.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["checks"]["mongo"] == {"ok": False, "required": True, "why": "MongoDB does not answer"}


async def test_a_service_without_its_key_set_is_not_ready(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    issuer.jwks.unlink()

    assert "cannot be read" in (await door.get("/health/ready")).json()["checks"]["jwks"]["why"]


async def test_a_part_that_hangs_is_not_waited_for(checks: Checks) -> None:
    checks.add("mongo", hanging)

    async with asyncio.timeout(2):
        report = await checks.report()

    assert report.checks["mongo"].why == "no answer within 1 s"


async def test_a_part_that_answered_while_the_process_itself_stood_still_is_well(checks: Checks) -> None:
    async def answering_at_once() -> None:
        await asyncio.sleep(0.1)

    async def standing_still() -> None:
        await asyncio.sleep(0)
        time.sleep(1.5)  # noqa: ASYNC251 - that is what the loop does here

    checks.add("mongo", answering_at_once)

    report, _ = await asyncio.gather(checks.report(), standing_still())

    assert report.checks["mongo"].ok


async def test_of_an_unforeseen_failure_only_the_kind_is_told(checks: Checks) -> None:
    checks.add("mongo", Part(ValueError("mongodb://user:secret-words@host")).probe)

    assert (await checks.report()).checks["mongo"].why == "ValueError"


async def test_parts_are_asked_at_most_once_a_second(checks: Checks) -> None:
    part = Part()
    checks.add("mongo", part.probe)

    await asyncio.gather(*(checks.report() for _ in range(20)))

    assert part.asked == 1


async def test_a_process_that_is_stopping_is_not_ready(door: httpx2.AsyncClient, runtime: Runtime) -> None:
    assert (await door.get("/health/ready")).status_code == 200

    runtime.stopping.set()

    answer = await door.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["stopping"].keys() == answer.json()["checks"]["jwks"].keys()
    assert answer.json()["checks"]["stopping"]["ok"] is False
    assert "told to stop" in answer.json()["checks"]["stopping"]["why"]
