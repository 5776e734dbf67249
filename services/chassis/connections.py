"""What one connection may take of a process: how long and how large a request's head is, and how many connections there are at all."""

import asyncio
from typing import Any, Final

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from chassis.outward import guard
from chassis.problems import Refusal, respond

HEAD_SECONDS: Final = 10.0
"""How long the head of a request may take from the connection's beginning, or from its own first byte."""
LARGEST_HEAD: Final = 64 * 1024
"""Bytes of address and headers: a token of the largest size that is looked at, and a query of the longest that is used."""


class Connection(H11Protocol):
    """uvicorn's connection, which has bounds for what comes after the head of a request, and none for the head."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first head; beyond the bound, only to say that there are too many connections."""
        super().connection_made(transport)
        # uvicorn's own bound would refuse those who came before it was reached, too.
        most, self.limit_concurrency = self.limit_concurrency, None
        if most is not None and len(self.connections) > most:
            self.app = _Beyond(self.app)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take in what came; while it is no whole head, its time runs."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        super().connection_lost(exc)
        self._unwatch()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or too much of it, as everything else is refused: by a problem."""
        del msg
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            for event in _problem(_why_unread(self.conn)):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._unwatch()
        elif self._due is None:
            self._due = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def _unwatch(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None


class _Beyond:
    """What answers on a connection that is one too many: health as ever, for a supervisor must not take a crowd for a failure."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - uvicorn's idea of an application
        self._app: ASGIApp = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        crowd = Refusal(503, "too-many-connections", "No further connection can be held here for now", headers=_LATER)
        answer = respond(crowd)
        guard(answer.raw_headers)
        await answer(scope, receive, send)


_LATER: Final = {"Retry-After": "5", "Connection": "close"}


def _why_unread(connection: h11.Connection) -> Refusal:
    if len(connection.trailing_data[0]) > LARGEST_HEAD:
        return Refusal(431, "head-too-large", f"Address and headers are at most {LARGEST_HEAD // 1024} KiB")
    return Refusal(400, "bad-request", "This is not a request of HTTP/1.1")


def _problem(refusal: Refusal) -> tuple[h11.Response, h11.Data, h11.EndOfMessage]:
    answer = respond(refusal)
    guard(answer.raw_headers)
    headers = [*answer.raw_headers, (b"connection", b"close")]
    begun = h11.Response(status_code=refusal.status, headers=headers, reason=STATUS_PHRASES[refusal.status])
    return begun, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()
