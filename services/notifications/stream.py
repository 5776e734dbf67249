"""The live stream: Server-Sent Events of every force that a subscriber is granted, resumed where they broke off."""

import asyncio
import os
from contextlib import aclosing
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator
from starlette.types import Send

from chassis import metrics
from chassis.admission import admits
from chassis.problems import Refusal, away, problems
from chassis.queries import understood
from chassis.runtime import Runtime
from chassis.stored_log import LogUnavailable
from chassis.visit import Visiting
from contracts.sealing import base64url
from notifications.cursor import Cursors
from notifications.domain import EventType, in_full
from notifications.parts import parts
from notifications.session import LISTENING, Session, Wish
from notifications.store import Subscriptions

log = structlog.get_logger()
SEND_SECONDS: Final = 10.0
"""How long a client may take to make room for one piece; one that takes nothing at all is let go."""
_NO_LOG: Final = "The log of events cannot be read"
_EXAMPLE: Final = (
    "event: engagement.concern-raised.v1\n"
    'data: {"specversion":"1.0","id":"0197a0c4-2f40-7a11-8c55-91d0c7f0a1b2","type":"engagement.concern-raised.v1",'
    '"source":"/forces/northamptonshire/concerns","subject":"0197a0c4-2f3f-7d02-b1c6-5a4f3e2d1c0b",'
    '"data":{"id":"0197a0c4-2f3f-7d02-b1c6-5a4f3e2d1c0b","force":"northamptonshire","version":1,"category":"hate-crime"}}\n'
    "id: VGhlIHBsYWNlIHdoZXJlIHlvdSBhcmU\n\n"
)


def _known(event_type: str) -> str:
    if refused := EventType().refusal(event_type):
        raise refused
    return in_full(event_type)


_TYPES: Final = "Types (`engagement.concern-raised.v1`) or names (`concern-raised`); none means all"
Types = Annotated[
    list[Annotated[str, AfterValidator(_known)]],
    Query(max_length=100, description=_TYPES),
]
Forces = Annotated[list[str], Query(max_length=100, description="Slugs of forces; none means all that are granted")]


async def _admitted(visit: Visiting, request: Request) -> None:
    """Judge the forces that are asked for before anything else in the query is judged."""
    granted, forces = visit.forces(*LISTENING), request.query_params.getlist("force")
    if not granted or not set(forces) <= set(granted):
        raise Refusal(403, "not-granted", "You have no grant to hear this force" if forces else "You have no grant to hear any force")


class EventStream(StreamingResponse):
    """A stream of events that does not wait for ever for a client that takes nothing."""

    media_type = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        """Send each piece as it comes; break off when one is not taken in time."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        pieces = self.body_iterator
        async with aclosing(pieces):  # type: ignore[type-var]  # it is the generator of a session
            async for piece in pieces:
                try:
                    async with asyncio.timeout(SEND_SECONDS):
                        await send({"type": "http.response.body", "body": str(piece).encode(), "more_body": True})
                except TimeoutError:
                    metrics.stream_clients_dropped_total.inc()
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


router = APIRouter(prefix="/v1", route_class=admits(*LISTENING), tags=["stream"])


@router.get(
    "/stream",
    dependencies=[Depends(_admitted), Depends(understood)],
    response_class=EventStream,
    responses={200: {"content": {"text/event-stream": {"example": _EXAMPLE}}}, **problems(503)},
)
async def stream(
    visit: Visiting,
    force: Forces = [],  # noqa: B006 - FastAPI reads it, and nobody changes it
    type: Types = [],  # noqa: A002, B006 - the parameter's public name
    last_event_id: Annotated[str | None, Header()] = None,
) -> EventStream:
    """Follow events live. Send `Last-Event-ID` to go on where a stream broke off, without a gap.

    `event:` is the type, `data:` the CloudEvent in structured JSON, `id:` the cursor; a comment with a cursor comes every 15 seconds.
    `event: resync` says that something may have been missed. The stream ends with the token, with the grant, and after an hour at most.
    """
    own = parts(visit.runtime)
    try:
        await own.hub.begun()
    except LogUnavailable as error:
        raise away(_NO_LOG) from error
    if own.hub.clients >= own.settings.stream_clients:
        raise Refusal(503, "too-many-streams", "No further stream can be held open here for now", headers={"Retry-After": "5"})
    wish = Wish(frozenset(force), frozenset(type), last_event_id)
    session = Session(visit, wish, own.hub, await _cursors(visit.runtime), own.settings)
    return EventStream(session.lines(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _cursors(runtime: Runtime) -> Cursors:
    """What reads and writes cursors: the same in every process, and after a restart."""
    try:
        return runtime.kept(Cursors)
    except KeyError:
        return runtime.keep(Cursors(await Subscriptions(runtime.mongo).own_secret("stream-cursor", base64url(os.urandom(32)))))


async def follow(runtime: Runtime) -> None:
    """Keep the hub of the process reading until the service stops."""
    hub = parts(runtime).hub
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hub.run())
        tasks.create_task(hub.wake_at_the_end())
