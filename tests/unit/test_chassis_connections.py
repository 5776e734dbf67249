"""What one connection may take of a process, on real sockets: time, bytes, and a place."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from chassis import connections, entrance, serving
from chassis.runtime import Runtime
from tests.unit.leaflets import LEAFLETS

HEAD = b"GET /health/live HTTP/1.1\r\nHost: leaflets\r\n"
SOON = 10.0
SHORT = 0.2
slow = APIRouter()


async def a_while(seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


@slow.get("/slow")
async def slowly() -> str:
    """Answer after what the head of a request may take."""
    await a_while(SHORT * 2)
    return "there"


@slow.get("/stuck")
async def stuck() -> None:
    """Never answer."""
    await asyncio.Event().wait()


@slow.get("/stream")
async def stream() -> StreamingResponse:
    """Begin at once, and end after what an answer may take to begin."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun"
        await a_while(SHORT * 2)
        yield b"ended"

    return StreamingResponse(pieces())


@slow.get("/endless")
async def endless() -> StreamingResponse:
    """Send for ever."""

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536
            # To a client that is gone, sending waits for nothing.
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


class Client:
    """A client that says what it likes, when it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    def say(self, what: bytes) -> None:
        self.writer.write(what)

    async def rest(self) -> bytes:
        """All that is answered until the other side closes."""
        return await asyncio.wait_for(self._reader.read(), SOON)

    async def answer(self) -> tuple[int, bytes]:
        """Status and headers, and the body, of one answer that says its length."""
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), SOON)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), head + await self._reader.readexactly(length)

    async def closed_while_it_says(self, byte: bytes) -> bool:
        """Whether the other side closes, though a byte comes every now and then."""
        async with asyncio.timeout(SOON):
            while True:
                self.say(byte)
                with suppress(TimeoutError):
                    return await asyncio.wait_for(self._reader.read(1), SHORT / 5) == b""


Connect = Callable[[], Awaitable[Client]]


@asynccontextmanager
async def served(runtime: Runtime, most: int = 100) -> AsyncIterator[tuple[Connect, Any]]:
    """The tiny service on a real socket, and what connects to it."""
    await runtime.registry.refresh()
    listening = serving._bound("127.0.0.1", 0)
    server = serving._Server(serving._uvicorn(replace(LEAFLETS, routers=[*LEAFLETS.routers, slow]).app(runtime), most))
    running = asyncio.create_task(server.serve([listening]))
    async with AsyncExitStack() as clients:

        async def connect() -> Client:
            client = Client(*await asyncio.open_connection(*listening.getsockname()))
            clients.callback(client.writer.close)
            return client

        yield connect, server.server_state
    server.should_exit = server.force_exit = True
    await running
    await runtime.exits.aclose()


@pytest.fixture
async def connect(runtime: Runtime) -> AsyncIterator[Connect]:
    async with served(runtime) as (connecting, _):
        yield connecting


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SHORT)
    client = await connect()
    client.say(HEAD + b"X-Slow: ")

    assert await client.closed_while_it_says(b"x")


async def test_a_later_head_on_a_connection_is_not_waited_for_either(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SHORT)
    client = await connect()
    client.say(HEAD + b"\r\n")
    assert (await client.answer())[0] == 200
    client.say(HEAD + b"X-Slow: ")

    assert await client.closed_while_it_says(b"x")


async def test_a_connection_that_never_says_anything_is_closed(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SHORT)

    assert await (await connect()).rest() == b""


async def test_an_answer_may_take_longer_than_the_head_and_the_connection_goes_on(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SHORT)
    client = await connect()

    for _ in range(2):
        client.say(b"GET /slow HTTP/1.1\r\nHost: leaflets\r\n\r\n")
        status, answer = await client.answer()
        assert (status, answer.endswith(b'"there"')) == (200, True)


async def test_a_head_over_64_kib_is_refused_and_one_below_is_not(connect: Connect) -> None:
    fits, too_large = await connect(), await connect()

    fits.say(HEAD + b"X-Large: " + b"x" * 65_000 + b"\r\n\r\n")
    too_large.say(HEAD + b"X-Large: " + b"x" * 70_000)

    assert (await fits.answer())[0] == 200
    status, answer = await too_large.answer()
    assert (status, b"urn:roundtable:problem:head-too-large" in answer) == (431, True)
    assert await too_large.rest() == b""


async def test_what_is_no_http_is_refused_by_a_problem_with_the_headers_of_all_others(connect: Connect) -> None:
    client = await connect()
    client.say(b"\x00\x01 nonsense\r\n\r\n")

    status, answer = await client.answer()

    assert (status, b"urn:roundtable:problem:bad-request" in answer) == (400, True)
    assert b"x-content-type-options: nosniff" in answer.lower()
    assert await client.rest() == b""


async def test_one_connection_too_many_is_told_so_and_those_before_it_go_on(runtime: Runtime) -> None:
    async with served(runtime, most=2) as (connect, state):
        first, second = await connect(), await connect()
        for client in (first, second):
            client.say(HEAD + b"\r\n")
            assert (await client.answer())[0] == 200
        third, supervisor = await connect(), await connect()
        third.say(b"GET /docs HTTP/1.1\r\nHost: leaflets\r\n\r\n")
        supervisor.say(HEAD + b"\r\n")

        status, answer = await third.answer()
        assert (status, b"urn:roundtable:problem:too-many-connections" in answer) == (503, True)
        assert (b"retry-after: 5" in answer.lower(), b"x-content-type-options" in answer.lower()) == (True, True)
        assert await third.rest() == b""
        assert (await supervisor.answer())[0] == 200
        first.say(b"GET /docs HTTP/1.1\r\nHost: leaflets\r\n\r\n")
        assert (await first.answer())[0] == 200
        for client in (second, supervisor):
            client.writer.close()
        await until(lambda: len(state.connections) == 1)
        fourth = await connect()
        fourth.say(b"GET /docs HTTP/1.1\r\nHost: leaflets\r\n\r\n")
        assert (await fourth.answer())[0] == 200


async def test_an_answer_that_does_not_begin_in_time_is_given_up(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "ANSWER_SECONDS", SHORT)
    client = await connect()
    client.say(b"GET /stuck HTTP/1.1\r\nHost: leaflets\r\n\r\n")

    status, answer = await client.answer()

    assert (status, b"urn:roundtable:problem:unavailable" in answer, b"retry-after" in answer.lower()) == (503, True, True)


async def test_an_answer_that_has_begun_may_last(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "ANSWER_SECONDS", SHORT)
    client = await connect()
    client.say(b"GET /stream HTTP/1.1\r\nHost: leaflets\r\nConnection: close\r\n\r\n")

    assert b"ended" in await client.rest()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux gives up a peer that takes nothing")
async def test_who_takes_nothing_of_what_was_asked_for_is_let_go(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "UNTAKEN_SECONDS", SHORT)
    async with served(runtime) as (connect, state):
        client = await connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
        client.say(b"GET /endless HTTP/1.1\r\nHost: leaflets\r\n\r\n")

        await until(lambda: len(state.tasks) == 1)
        await until(lambda: not state.connections)


async def until(holds: Callable[[], bool]) -> None:
    """Return when something holds."""
    async with asyncio.timeout(SOON * 2):
        while not holds():
            await a_while(0.02)
