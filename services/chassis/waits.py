"""Waits that end: a client of Kafka may hang without its broker, and may not heed being cancelled."""

import asyncio
from collections.abc import Awaitable, Collection, Iterable
from typing import Any, Final, TypeVar

T = TypeVar("T")
END_SECONDS: Final = 5.0
"""How long cancelled work may take to end before it is left behind."""


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What some work comes to. After so many seconds it is cancelled, and left behind if it does not heed that.

    Unlike `asyncio.wait_for`, which waits for what it has cancelled.

    Raises:
        TimeoutError: it took longer.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            leave(task)
    if task.cancelled() or not task.done():
        message = f"no answer within {seconds:g} s"
        raise TimeoutError(message)
    return task.result()


async def together(work: Awaitable[None], *beside: Awaitable[None]) -> None:
    """Do some work, and what serves it beside it: all of it ends with the work, or with the first of them that fails.

    Raises:
        Exception: what the first that failed raised.
    """
    main = asyncio.ensure_future(work)
    await _until_done([main, *map(asyncio.ensure_future, beside)], {main})


async def all_of(*works: Awaitable[None]) -> None:
    """Do several things at once, to the end of each: the first that fails ends the others.

    Raises:
        Exception: what the first that failed raised.
    """
    every = [asyncio.ensure_future(work) for work in works]
    await _until_done(every, set(every))


async def _until_done(every: Collection[asyncio.Future[None]], wanted: set[asyncio.Future[None]]) -> None:
    pending = set(every)
    try:
        while wanted & pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
    finally:
        await end(every)


async def end(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel tasks and wait until they have ended; those that do not are left behind."""
    late = [task for task in tasks if not task.done()]
    for task in late:
        leave(task)
    if late:
        await asyncio.wait(late, timeout=END_SECONDS)


def leave(task: asyncio.Future[Any]) -> None:
    """Cancel a task that nobody waits for any more; how it ends is nobody's business."""
    task.add_done_callback(_forget)
    task.cancel()


def _forget(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()
