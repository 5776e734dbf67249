"""What is due is found and taken by several senders at once: each delivery by one of them, at a cost that a backlog does not raise."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.runtime import Runtime
from notifications import claims, store
from notifications.claims import DUE_ENDPOINTS, Claims
from notifications.delivery import Answer, Delivery, after
from notifications.outgoing import created
from tests.conftest import Place

LONG_AGO = datetime(2025, 5, 6, 18, 30, tzinfo=UTC)
BACKLOG = 500


@pytest.fixture
async def runtime(runtimes: Callable[[str], Awaitable[Runtime]]) -> Runtime:
    made = await runtimes("notifications")
    await store.setup(made)
    return made


async def waiting(runtime: Runtime, endpoint: str, count: int, since: datetime = LONG_AGO) -> None:
    """So many deliveries that are due to an endpoint."""
    made = [
        Delivery(id=f"{endpoint}:{number:04}", force="kent", subscription_id=endpoint, subject="c", created_at=since)
        for number in range(count)
    ]
    writes = [created(each, endpoint, since) for each in made]
    await runtime.mongo.collection(store.DATABASE, "deliveries").bulk_write(writes)


async def test_the_endpoint_that_has_waited_longest_comes_first_and_what_is_not_due_does_not_come(runtime: Runtime) -> None:
    await waiting(runtime, "late:443", 3, LONG_AGO + timedelta(days=1))
    await waiting(runtime, "early:443", 3)
    await waiting(runtime, "future:443", 3, datetime.now(UTC) + timedelta(hours=1))

    assert await Claims(runtime.mongo).due() == ["early:443", "late:443"]


async def test_several_senders_take_each_delivery_once(runtime: Runtime) -> None:
    await waiting(runtime, "one:443", 100)
    senders = [Claims(runtime.mongo) for _ in range(4)]
    taken: list[str] = []

    async def take_all(sender: Claims) -> None:
        while claimed := await sender.take("one:443", 7):
            taken.extend(claim.delivery.id for claim in claimed)

    await asyncio.gather(*map(take_all, senders))

    assert sorted(taken) == [f"one:443:{number:04}" for number in range(100)]
    assert await senders[0].due() == []


async def test_who_lost_a_claim_changes_nothing(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    await waiting(runtime, "one:443", 1)
    monkeypatch.setattr(claims, "LEASE", timedelta())
    slow, quick = Claims(runtime.mongo), Claims(runtime.mongo)
    (lost,), (held,) = await slow.take("one:443", 5), await quick.take("one:443", 5)
    failed = after(lost.delivery, Answer(500), LONG_AGO, timedelta(hours=1))

    await asyncio.gather(
        slow.settle(lost, failed, timedelta(hours=1)), quick.settle(held, after(held.delivery, Answer(204), LONG_AGO, None), None)
    )
    await slow.release(lost)

    (found,) = await runtime.mongo.collection(store.DATABASE, "deliveries").find({})
    assert (found["status"], [each["status_code"] for each in found["attempts"]]) == ("delivered", [204])
    assert found.keys().isdisjoint({"lease", "due_at"})


async def test_a_backlog_is_skipped_and_not_read(runtime: Runtime, place: Place) -> None:
    await waiting(runtime, "slow:443", BACKLOG)
    await waiting(runtime, "quick:443", BACKLOG, LONG_AGO + timedelta(days=1))
    await waiting(runtime, "later:443", BACKLOG, datetime.now(UTC) + timedelta(hours=1))
    sender = Claims(runtime.mongo)
    with place.engines.mongo.client() as client:
        database = client[f"{place.prefix}{store.DATABASE}"]
        looked = database.command(
            "explain", {"aggregate": "deliveries", "pipeline": list(DUE_ENDPOINTS), "cursor": {}}, verbosity="executionStats"
        )
        database.command("profile", 2)
        assert len(await sender.take("quick:443", 5)) == 5
        assert await sender.take("later:443", 5) == []
        assert len(await sender.due()) == 2
        database.command("profile", 0)
        operations = list(database["system.profile"].find({"ns": f"{database.name}.deliveries"}))

    assert "DISTINCT_SCAN" in stages(looked)
    assert all(each.get("keysExamined", 0) <= 10 and each.get("docsExamined", 0) <= 10 for each in operations)
    assert {each["op"] for each in operations} == {"query", "update", "command"}


def stages(explained: Mapping[str, Any] | Sequence[Any]) -> set[str]:
    """Every stage that an explanation names, at any depth."""
    own = explained.get("stage") if isinstance(explained, Mapping) else None
    values = explained.values() if isinstance(explained, Mapping) else explained
    below = (stages(value) for value in values if isinstance(value, Mapping | list))
    return set().union(*below, {own} if isinstance(own, str) else set())
