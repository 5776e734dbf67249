"""When too much waits for Kafka, writes are refused before anything is recorded, and reading goes on."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chassis import metrics
from chassis.lease import Lease
from chassis.relay import relay
from chassis.runtime import Runtime
from concerns.main import SERVICE
from tests.conftest import Place, eventually, running
from tests.services.callers import PATROLS, Caller, calling, done, raised, refused


@pytest.fixture
async def concerns(place: Place, runtimes: Callable[[str], Awaitable[Runtime]], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    """Concerns, two of whose events may wait."""
    monkeypatch.setenv("ROUNDTABLE_OUTBOX_LIMIT", "2")
    async with calling(SERVICE, await runtimes("concerns"), place, "recorder") as caller:
        yield caller


async def counts(concerns: Caller) -> dict[str, int]:
    own = {name: await concerns.stored(name).count({}) for name in ("concerns", "outbox", "idempotency", "fences")}
    return own | {"keys": await concerns.runtime.mongo.collection("keys", "keys").count({})}


async def test_a_write_beyond_the_limit_is_refused_and_leaves_nothing(concerns: Caller) -> None:
    first = done(await concerns.post("/concerns", PATROLS, key="first"), 201)
    second = await raised(concerns)
    await concerns.runtime.backlog.count()
    before = await counts(concerns)

    refusals = [
        await concerns.post("/concerns", PATROLS, key="third"),
        await concerns.patch(f"/concerns/{second['id']}", {"priority": "high"}, version=1),
    ]

    assert [refused(each) for each in refusals] == [(503, "outbox-full", None)] * 2
    assert all(int(each.headers["Retry-After"]) > 0 for each in refusals)
    assert await counts(concerns) == before
    assert await concerns.seen(first) == first
    assert done(await concerns.post("/concerns", PATROLS, key="first"), 201)["id"] == first["id"]
    check = (await concerns.runtime.checks.report()).checks.get("outbox")
    assert check is None, "the relay, which counts, is what adds the check"


async def test_writes_are_taken_again_once_kafka_has_taken_what_waited(concerns: Caller) -> None:
    for _ in range(2):
        await raised(concerns)
    await concerns.runtime.backlog.count()
    assert (await concerns.post("/concerns", PATROLS)).status_code == 503

    async def taken() -> bool:
        return (await concerns.post("/concerns", PATROLS, key="again")).status_code == 201

    await concerns.published_until(taken)


async def test_a_process_that_does_not_carry_the_outbox_knows_how_much_waits(concerns: Caller) -> None:
    runtime = concerns.runtime
    assert await Lease(runtime.mongo, "concerns", "relay").hold()
    await raised(concerns)

    async def told() -> bool:
        return metrics.REGISTRY.get_sample_value("roundtable_outbox_pending") == 2

    async with running(runtime, relay(runtime)):
        await raised(concerns)
        await eventually(told, 5)
        assert (await concerns.post("/concerns", PATROLS)).status_code == 503
        check = (await runtime.checks.report()).checks["outbox"]
        assert (check.ok, check.required) == (False, False)


async def test_the_refusal_stands_in_the_document_of_every_write(concerns: Caller) -> None:
    paths = (await concerns.client.get("/openapi.json")).json()["paths"]
    writes = [
        operation["responses"]["503"]
        for path, operations in paths.items()
        for method, operation in operations.items()
        if path.startswith("/v1") and method in {"post", "patch", "put", "delete"}
    ]

    assert writes
    for refusal in writes:
        assert refusal["content"]["application/problem+json"]["example"]["type"] == "urn:roundtable:problem:outbox-full"
        assert "Retry-After" in refusal["headers"]
