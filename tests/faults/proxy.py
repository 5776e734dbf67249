"""A TCP proxy that misbehaves when told to: it delays, breaks connections off, or keeps them open and carries nothing."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any

from roundtable.native.ports import LOOPBACK

_RESET = struct.pack("ii", 1, 0)
_CHUNK = 65_536


class _Link:
    """One client's connection and ours on its behalf."""

    def __init__(self, writers: list[asyncio.StreamWriter]) -> None:
        self.writers = writers
        self.dead = False


class Proxy:
    """Leads whoever connects to `port` to another port of this machine; its loop turns in a thread of its own."""

    def __init__(self) -> None:
        self.latency = 0.0
        """Seconds by which everything is delayed, in either direction."""
        self.swallowing = False
        """Whether new connections are accepted and never answered."""
        self.resets = 0
        self.stalled = 0
        self._target = 0
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]

    def lead_to(self, port: int) -> None:
        """From now on new connections end at this port."""
        self._target = port

    def reset(self) -> None:
        """Break every connection off, with a reset."""
        self._do(self._reset())

    def stall(self) -> None:
        """Leave every connection open and carry nothing over it any more, for ever."""
        self._do(self._stall())

    def close(self) -> None:
        """Let everything go."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, LOOPBACK, 0)

    async def _reset(self) -> None:
        for link in list(self._links):
            self.resets += 1
            for writer in link.writers:
                end: socket.socket = writer.get_extra_info("socket")
                if end.fileno() < 0:
                    # It has ended by itself, and waits for its pump to see that.
                    continue
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()

    async def _stall(self) -> None:
        for link in self._links:
            self.stalled += not link.dead
            link.dead = True

    async def _end(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self._links:
            for writer in link.writers:
                writer.transport.abort()
        await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link([writer])
        self._links.add(link)
        if self.swallowing:
            link.dead = True
            return
        try:
            back, forth = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.transport.abort()
            self._links.discard(link)
            return
        link.writers.append(forth)
        for source, sink in ((reader, forth), (back, writer)):
            task = asyncio.create_task(self._pump(link, source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                if self.latency:
                    await asyncio.sleep(self.latency)
                if link.dead:
                    # What arrives is swallowed, and nobody is told.
                    continue
                sink.write(data)
                await sink.drain()
        if not link.dead:
            self._links.discard(link)
            sink.close()
