"""Load: requests by as little work as will do, so that whoever is measured is not slowed down by being measured."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answered:
    """An answer."""

    status: int
    body: bytes


class Line:
    """One HTTP/1.1 connection that is kept; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> Answered:
        """Send a request and read its answer, which says how long it is."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return Answered(int(head[9:12]), body)


@asynccontextmanager
async def lines(url: str, count: int) -> AsyncIterator[list[Line]]:
    """So many connections to a service."""
    where = urlsplit(url)
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            stack.callback(writer.close)
            opened.append(Line(reader, writer))
        yield opened


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """The bytes of a request with a JSON body."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    entity = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{head}{entity}\r\n".encode() + body


async def closed_loop(workers: Sequence[Callable[[], Awaitable[None]]], total: int) -> tuple[float, list[float]]:
    """Let workers do `total` pieces of work between them, each as soon as it has done the one before.

    Returns:
        How many seconds it took, and the seconds of each piece.
    """
    seconds: list[float] = []
    left = iter(range(total))

    async def work(worker: Callable[[], Awaitable[None]]) -> None:
        for _ in left:
            begun = time.perf_counter()
            await worker()
            seconds.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(work(worker) for worker in workers))
    return time.perf_counter() - begun, seconds
