"""Two relays of one service: one carries at a time, the other waits without asking at each commit, and takes over."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from chassis.lease import Lease
from chassis.outbox import PUBLISHED, Outbox
from chassis.recording import Draft, Recorder
from chassis.relay import REFUSED_SECONDS, relay
from chassis.runtime import Runtime
from tests.builders import NOW, concern_raised
from tests.conftest import Place, eventually, running
from tests.services.notifying import prepared


async def test_the_one_that_is_refused_asks_seldom_and_takes_over_when_the_other_stops(
    runtimes: Callable[[str], Awaitable[Runtime]], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await prepared(await runtimes("concerns")), await runtimes("concerns")
    asked: Counter[str] = Counter()
    held: list[str] = []
    hold = Lease.hold

    async def counting(lease: Lease) -> bool:
        asked[lease.holder] += 1
        if has_it := await hold(lease):
            held.append(lease.holder)
        return has_it

    monkeypatch.setattr(Lease, "hold", counting)
    recorder = Recorder(second.mongo, second.keys, "concerns")

    async def recorded() -> None:
        await recorder.record([Draft(concern_raised(place.force), None)], NOW)
        second.recorded.set()

    async def all_published() -> bool:
        return await Outbox(second.mongo, "concerns").records.count({"status": {"$ne": PUBLISHED}}) == 0

    async def somebody_holds_it() -> bool:
        await asyncio.sleep(0)
        return bool(held)

    async with AsyncExitStack() as stack:
        async with running(first, relay(first)):
            await eventually(somebody_holds_it)
            (leader,) = held
            await stack.enter_async_context(running(second, relay(second)))
            began = asyncio.get_running_loop().time()
            for _ in range(30):
                await recorded()
            await eventually(all_published)
            (follower,) = asked.keys() - {leader}
            assert asked[follower] <= 2 + (asyncio.get_running_loop().time() - began) / REFUSED_SECONDS
            assert set(held) == {leader}

        await recorded()
        await eventually(all_published)
        assert held[-1] == follower
