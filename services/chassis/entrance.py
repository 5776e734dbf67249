"""The door that every request comes in by: it gives a trace, keeps a line of the access log, and lets no failure out bare."""

import asyncio
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.handlers import unexpected
from chassis.outward import guard
from chassis.problems import Refusal, away, respond
from chassis.trace import taken, trace_id, tracing

log = structlog.get_logger()
_UNTOLD: Final = ("/health/", "/metrics")
"""What is asked every few seconds by machines is not worth a line."""
ANSWER_SECONDS: Final = 60.0
"""How long an answer may take to begin. Whatever is waited for inside has a shorter bound of its own, and this one holds if it has not."""


class Entrance:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with tracing(taken(Headers(scope=scope).get("traceparent"))):
            await _Passage(self._app, scope, receive, send).run()


class _Passage:
    """One request on its way through."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._outside = send
        self._status = 0
        self._bodiless = scope["method"] == "HEAD"
        self._due = asyncio.timeout(ANSWER_SECONDS)

    async def run(self) -> None:
        began = time.perf_counter()
        try:
            await self._answered()
        finally:
            if not self._scope["path"].startswith(_UNTOLD):
                milliseconds = round((time.perf_counter() - began) * 1000, 1)
                # The path alone: a query may hold what someone searched for.
                log.info("request", method=self._scope["method"], path=self._scope["path"], status=self._status, milliseconds=milliseconds)

    async def _answered(self) -> None:
        if "\0" in self._scope["path"] or b"%00" in self._scope["query_string"]:
            refusal = Refusal(400, "bad-address", "An address holds no null characters")
            await respond(refusal)(self._scope, self._receive, self._send)
            return
        try:
            # HEAD is GET without the body, everywhere (RFC 9110, section 9.3.2); no route need know of it.
            asked = {**self._scope, "method": "GET"} if self._bodiless else self._scope
            async with self._due:
                await self._app(asked, self._receive, self._begun)
        except Exception as error:  # whatever failed, the caller gets a problem and the log its place
            if self._bodiless and self._status:
                # A stream that is told that nobody listens ends by an error, after all was said.
                return
            answer = _too_slow() if self._due.expired() else unexpected(error)
            if self._status:
                # The answer has begun: only breaking the connection off tells the caller that it is not whole.
                raise
            await answer(self._scope, self._receive, self._send)

    async def _begun(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._due.reschedule(None)
        await self._send(message)

    async def _send(self, message: Message) -> None:
        if self._bodiless and message["type"] == "http.response.body":
            if message.get("more_body", False):
                no_listener = "the answer to HEAD has no body"
                raise OSError(no_listener)
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(raw=message["headers"])["X-Trace-Id"] = trace_id() or ""
            guard(message["headers"])
        await self._outside(message)
        if self._bodiless and message["type"] == "http.response.start":
            await self._outside({"type": "http.response.body"})


def _too_slow() -> Response:
    log.error("answer_too_slow", seconds=ANSWER_SECONDS)
    return respond(away("The answer took too long to begin"))
