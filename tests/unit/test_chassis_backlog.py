"""The backlog: writes go by a count that is never older than its bound, and one request makes a new one for all."""

import asyncio

import pytest

from chassis.backlog import FRESH_SECONDS, Backlog
from chassis.health import Unready
from chassis.mongo import Unavailable
from chassis.outbox import Outbox
from chassis.problems import Refusal


class Waiting(Outbox):
    """An outbox in which so much waits."""

    def __init__(self, pending: int = 0) -> None:
        self.pending = pending
        self.asked = 0
        self.away = False

    async def depth(self) -> list[tuple[str, int, float]]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable
        return [("kent", self.pending - 1, 3.0), ("essex", 1, 1.0)] if self.pending else []


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_up_to_the_limit_writes_are_admitted_and_from_it_on_refused() -> None:
    outbox, clock = Waiting(4), Clock()
    backlog = Backlog(outbox, 5, clock)
    await backlog.admit()
    await backlog.probe()
    outbox.pending = 5
    await backlog.count()

    with pytest.raises(Refusal) as refusal:
        await backlog.admit()
    with pytest.raises(Unready):
        await backlog.probe()

    assert (refusal.value.status, refusal.value.slug, refusal.value.headers) == (503, "outbox-full", {"Retry-After": "30"})


async def test_a_count_is_gone_by_until_it_is_too_old_and_then_made_once_for_all() -> None:
    outbox, clock = Waiting(), Clock()
    backlog = Backlog(outbox, 5, clock)

    await asyncio.gather(*(backlog.admit() for _ in range(10)))
    clock.now += FRESH_SECONDS
    await backlog.admit()
    asked_while_fresh = outbox.asked
    clock.now += 0.1
    outbox.pending = 9
    refused = await asyncio.gather(*(backlog.admit() for _ in range(10)), return_exceptions=True)

    assert asked_while_fresh == 1
    assert outbox.asked == 2
    assert [type(each) for each in refused] == [Refusal] * 10


async def test_without_a_count_nothing_is_admitted() -> None:
    outbox = Waiting()
    outbox.away = True

    with pytest.raises(Unavailable):
        await Backlog(outbox, 5).admit()
