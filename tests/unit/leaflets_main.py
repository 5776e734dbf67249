"""A process of the tiny service. Its argument says what goes on in the background."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from chassis.mongo import Unavailable
from chassis.service import Runtime, Work, run
from tests.unit.leaflets import LEAFLETS

log = structlog.get_logger()
streams = APIRouter()


@streams.get("/stream", response_class=EventSourceResponse)
async def stream(request: Request) -> AsyncIterator[ServerSentEvent]:
    """Send one thing, then nothing until the service stops."""
    yield ServerSentEvent(data="begun")
    await request.app.state.runtime.stopping.wait()
    yield ServerSentEvent(data="ended")


@streams.get("/stuck")
async def stuck() -> None:
    """Never answer."""
    log.info("stuck")
    await asyncio.Event().wait()


async def drains(runtime: Runtime) -> None:
    """Work until the service stops, then tidy up."""
    await runtime.stopping.wait()
    log.info("drained")


async def hangs(_: Runtime) -> None:
    """Work on, whatever happens."""
    await asyncio.Event().wait()


async def dies(_: Runtime) -> None:
    """Fail."""
    message = "what was sent"
    raise LookupError(message)


class Attempts:
    """How often the setup was tried."""

    made = 0


async def setup(_: Runtime) -> None:
    """Fail once."""
    Attempts.made += 1
    if Attempts.made == 1:
        message = "no primary"
        raise Unavailable(message)
    log.info("set_up")


WORK: Final[dict[str, Work]] = {"drains": drains, "hangs": hangs, "dies": dies}

if __name__ == "__main__":
    run(replace(LEAFLETS, routers=[*LEAFLETS.routers, streams], background=[WORK[sys.argv[1]]], setup=setup))
