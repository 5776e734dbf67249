"""The life of a process, seen from outside: it serves without its engines, drains, and ends within ten seconds."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from chassis import service
from chassis.runtime import Runtime
from tests.unit.leaflets import ISSUER, LEAFLETS, UNREACHABLE, Issuer

MAIN = Path(__file__).with_name("leaflets_main.py")
Start = Callable[..., "Process"]


class Process:
    """A process of the tiny service, its log read line by line."""

    def __init__(self, environment: dict[str, str], work: str) -> None:
        self.popen = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(MAIN), work], env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[dict[str, Any]] = []

    def until(self, event: str) -> dict[str, Any]:
        """Read the log until it tells of an event."""
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"] == event:
                return self.lines[-1]
        message = f"the process ended without {event}: {self.lines} {self.popen.stderr and self.popen.stderr.read()}"
        raise AssertionError(message)

    def address(self) -> str:
        """Where it listens."""
        return str(self.until("listening")["address"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Tell it to end; its exit status and how long it took."""
        began = time.monotonic()
        self.popen.send_signal(number)
        out, _ = self.popen.communicate(timeout=15)
        self.lines += [json.loads(line) for line in out.splitlines()]
        return self.popen.returncode, time.monotonic() - began

    def told(self, event: str) -> bool:
        """Whether the log told of an event."""
        return any(line["event"] == event for line in self.lines)


@pytest.fixture
def start(issuer: Issuer) -> Iterator[Start]:
    """Starts processes, and leaves none behind."""
    started: list[Process] = []
    good = {
        "ROUNDTABLE_PORT": "0",
        "ROUNDTABLE_MONGO_URL": UNREACHABLE,
        "ROUNDTABLE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "ROUNDTABLE_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
        "ROUNDTABLE_JWKS": str(issuer.jwks),
        "ROUNDTABLE_ISSUER": ISSUER,
    }

    def make(work: str = "drains", **settings: str) -> Process:
        started.append(Process(good | settings, work))
        return started[-1]

    yield make
    for process in started:
        process.popen.kill()
        process.popen.communicate()


def test_a_service_serves_without_mongodb_and_says_why_it_is_not_ready(start: Start) -> None:
    address = start().address()

    assert httpx2.get(f"{address}/health/live").status_code == 200
    ready = httpx2.get(f"{address}/health/ready")

    assert ready.status_code == 503
    assert ready.json()["checks"]["mongo"]["ok"] is False
    assert ready.json()["checks"]["jwks"]["ok"] is True
    kafka = ready.json()["checks"]["kafka"]
    assert (kafka["ok"], kafka["required"]) == (False, False)
    assert "server" not in ready.headers


def test_head_is_answered_at_once_also_where_get_streams_for_ever(start: Start) -> None:
    address = start().address()

    with httpx2.Client(base_url=address) as client:
        head = client.head("/stream")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/event-stream")
        # The connection can be used again: nothing of a body follows.
        assert client.get("/health/live").json() == {"live": True}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_service_ends_its_streams_and_drains(start: Start, number: signal.Signals) -> None:
    process = start()
    address = process.address()
    process.until("set_up")

    with httpx2.stream("GET", f"{address}/stream", timeout=12) as stream:
        received = (line for line in stream.iter_lines() if line.startswith("data:"))
        assert "begun" in next(received)
        process.popen.send_signal(number)
        assert "ended" in next(received)
    status, seconds = process.stop(number)

    assert (status, process.told("drained")) == (0, True)
    assert seconds < 5


def test_a_stuck_request_and_work_that_hangs_do_not_hold_the_end_up(start: Start) -> None:
    process = start("hangs")
    address = process.address()
    process.until("set_up")

    with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1]))) as waiting:
        waiting.sendall(b"GET /stuck HTTP/1.1\r\nHost: leaflets\r\n\r\n")
        process.until("stuck")
        status, seconds = process.stop()

    assert status == 0
    assert process.told("background_work_cancelled")
    assert seconds < 10


def test_work_that_dies_ends_the_process_so_that_it_is_restarted(start: Start) -> None:
    process = start("dies")

    died = process.until("background_work_died")
    out, _ = process.popen.communicate(timeout=15)

    assert (process.popen.returncode, died["work"], died["error"][0]["type"]) == (1, "dies", "LookupError")
    assert "what was sent" not in out


def test_the_setup_is_tried_again_while_mongodb_is_away(start: Start) -> None:
    process = start()

    process.until("setup_waits")
    process.until("set_up")

    assert process.stop()[0] == 0


def test_a_wrong_setting_stops_the_service_at_start(start: Start) -> None:
    process = start(ROUNDTABLE_LOG_LEVEL="loud")

    out, err = process.popen.communicate(timeout=15)

    assert (process.popen.returncode, out) == (78, "")
    assert err.startswith("leaflets: ROUNDTABLE_LOG_LEVEL: ")


def test_a_port_that_is_taken_is_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(ROUNDTABLE_PORT=str(taken.getsockname()[1]))
        line = process.until("cannot_listen")
        process.popen.communicate(timeout=15)

    assert process.popen.returncode == 1
    assert "ROUNDTABLE_PORT" in line["settings"]


def test_a_request_that_is_no_http_is_refused_by_the_door(start: Start) -> None:
    port = int(start().address().rsplit(":", 1)[1])

    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(b"\x00\x01 nonsense\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 400")


async def test_the_document_is_written_before_anyone_can_ask_for_it(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    documents: list[object] = []

    async def serve(app: FastAPI, *_: object) -> int:
        documents.append(app.openapi_schema)
        return 0

    monkeypatch.setattr(service, "serve", serve)
    monkeypatch.setattr(gc, "freeze", lambda: None)

    await service._serve(LEAFLETS, runtime.settings)

    assert documents != [None]
