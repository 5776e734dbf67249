"""The life of a process: listen, work, and on SIGTERM or SIGINT drain and end within ten seconds."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from chassis.connections import LARGEST_HEAD, Connection
from chassis.identity import follow_secrets, prove_identity
from chassis.logs import told
from chassis.mongo import SignInRefused, Unavailable
from chassis.runtime import Runtime
from chassis.settings import EX_CONFIG

Work = Callable[[Runtime], Awaitable[None]]
DRAIN_SECONDS: Final = 5
"""How long requests under way may take to end."""
KEEP_ALIVE_SECONDS: Final = 75
"""How long a connection may lie idle."""
UNTAKEN_SECONDS: Final = 30
"""How long a peer may take nothing of what it is sent."""
WORK_SECONDS: Final = 2.0
"""How much longer background work may take: it was told to end when the requests were, and a slow machine needs what is left of ten."""
_CLOSING_SECONDS: Final = 0.5
_LAST_RESORT_SECONDS: Final = 9.5
_SETUP_RETRY_SECONDS: Final = 1.0
_BACKLOG: Final = 2048
log = structlog.get_logger()


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to the process that it is part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class _Process:
    """One service from its start to its end."""

    def __init__(self, app: FastAPI, runtime: Runtime, setup: Work | None, background: Sequence[Work]) -> None:
        self._runtime = runtime
        self._setup = setup
        self._background = background
        self._server = _Server(_uvicorn(app, runtime.settings.connections))
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended_by_work = 0
        self._status = 1

    async def run(self, listening: socket.socket) -> int:
        """Serve until told to stop; the exit status."""
        self._listen_to_signals()
        self._start(self._poll_registry)
        self._start(prove_identity)
        self._start(follow_secrets)
        self._start(self._prepare)
        host, port = listening.getsockname()[:2]
        log.info("listening", address=f"http://{f'[{host}]' if ':' in host else host}:{port}")
        await self._server.serve([listening])
        await self._end()
        self._status = self._ended_by_work
        log.info("stopped", died=self._status != 0)
        return self._status

    def stop(self) -> None:
        """Begin to end; told twice, wait for nobody."""
        if self._runtime.stopping.is_set():
            self._server.force_exit = True
            return
        log.info("stopping")
        self._runtime.stopping.set()
        self._server.should_exit = True
        # A thread of a driver that hangs in a system call cannot be cancelled; the process ends all the same.
        last_resort = threading.Timer(_LAST_RESORT_SECONDS, lambda: os._exit(self._status))
        last_resort.daemon = True
        last_resort.start()

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    def _start(self, work: Work) -> None:
        task = asyncio.create_task(self._watched(work), name=getattr(work, "__name__", type(work).__name__))
        self._tasks.add(task)

    async def _watched(self, work: Work) -> None:
        try:
            await work(self._runtime)
        except SignInRefused as error:
            secret = self._runtime.settings.secret_of(error.engine)
            log.critical("sign_in_refused", engine=error.engine, secret=secret, why=str(error))
            self._end_with(EX_CONFIG)
        except Exception as error:  # whatever ends it, the process must not go on as if it still worked
            name = getattr(work, "__name__", type(work).__name__)
            log.exception("background_work_died", work=name, exc_info=error)
            self._end_with(1)

    def _end_with(self, status: int) -> None:
        """End because work cannot go on; the first reason is the exit status."""
        self._ended_by_work = self._ended_by_work or status
        if not self._runtime.stopping.is_set():
            self.stop()

    async def _poll_registry(self, runtime: Runtime) -> None:
        await runtime.registry.poll(runtime.stopping, runtime.settings.registry_poll_seconds)

    async def _prepare(self, runtime: Runtime) -> None:
        """Do what comes before the background work, again while MongoDB is away; then begin that work."""
        while self._setup is not None and not runtime.stopping.is_set():
            try:
                await self._setup(runtime)
                break
            except Unavailable as error:
                log.warning("setup_waits", error=told(error))
                await asyncio.sleep(_SETUP_RETRY_SECONDS)
        if not runtime.stopping.is_set():
            runtime.prepared.set()
            for work in self._background:
                self._start(work)

    async def _end(self) -> None:
        """Give background work its time, then end it; close what is open."""
        self.stop() if not self._runtime.stopping.is_set() else None
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=WORK_SECONDS)
            for task in late:
                log.warning("background_work_cancelled", work=task.get_name())
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_CLOSING_SECONDS)
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._runtime.exits.aclose()
        except TimeoutError:
            log.warning("closing_took_too_long")


async def serve(app: FastAPI, runtime: Runtime, setup: Work | None, background: Sequence[Work]) -> int:
    """Serve an application and do a service's background work until a signal; the exit status of the process."""
    settings = runtime.settings
    try:
        listening = _bound(settings.host, settings.port)
    except OSError as error:
        told_as = {"host": settings.host, "port": settings.port, "settings": "ROUNDTABLE_HOST, ROUNDTABLE_PORT", "why": told(error)}
        log.critical("cannot_listen", **told_as)
        return 1
    return await _Process(app, runtime, setup, background).run(listening)


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket.

    It names its protocol: asyncio sets TCP_NODELAY only then, and without it an answer waits 40 ms for an acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections inherit it: whoever asks for much and takes none of it holds neither memory nor a connection for ever.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNTAKEN_SECONDS * 1000))
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _uvicorn(app: FastAPI, connections: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        limit_concurrency=connections,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        # The address of the peer is what `/metrics` goes by: no header may change it.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        # Longer than clients and gateways keep a quiet connection: whoever closes first, a request may be on its way to the other.
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
