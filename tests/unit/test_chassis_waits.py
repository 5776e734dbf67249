"""Waits end, even of work that does not heed being cancelled."""

import asyncio
import time

import pytest

from chassis.waits import end, together, within


async def stubborn(seconds: float) -> None:
    """As clients of Kafka do that wait for their broker."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            await asyncio.sleep(until - time.monotonic())
        except asyncio.CancelledError:
            continue


async def answering() -> int:
    await asyncio.sleep(0)
    return 7


async def failing() -> None:
    await asyncio.sleep(0.01)
    raise ZeroDivisionError


async def test_what_comes_in_time_is_the_answer() -> None:
    assert await within(1, answering()) == 7
    with pytest.raises(ZeroDivisionError):
        await within(1, failing())


async def test_work_that_ignores_being_cancelled_is_left_behind() -> None:
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        await within(0.1, stubborn(1.0))

    assert time.monotonic() - began < 0.6
    await asyncio.sleep(1.0)


async def test_a_waiter_that_is_cancelled_cancels_its_work() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    waiting = asyncio.create_task(within(60, work()))
    await asyncio.sleep(0.01)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(1):
        await ended.wait()


async def test_what_serves_some_work_ends_with_it_and_its_failure_ends_the_work() -> None:
    beside = asyncio.create_task(asyncio.sleep(60))

    async def waiting() -> None:
        await beside

    await together(asyncio.sleep(0.01), waiting())
    assert beside.cancelled()

    with pytest.raises(ZeroDivisionError):
        await together(asyncio.sleep(60), asyncio.sleep(0), failing())


async def test_tasks_that_do_not_end_are_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.waits.END_SECONDS", 0.1)
    task = asyncio.create_task(stubborn(0.8))
    await asyncio.sleep(0)
    began = time.monotonic()

    await end([task])

    assert time.monotonic() - began < 0.5
    await task
