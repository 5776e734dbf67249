"""A subscriber's receiver: a real HTTP server that takes every webhook, or refuses it, and notes what came."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from roundtable.native.ports import LOOPBACK


@dataclass(frozen=True)
class Got:
    """One webhook, as it came."""

    path: str
    webhook_id: str
    event: dict[str, Any]


class _Server(ThreadingHTTPServer):
    # As web servers have it. With the library's 5, connections of a burst are dropped, and come after the second that TCP waits.
    request_queue_size = 128


class Receiver:
    """Answers 204 to everything, at any path, or another status."""

    def __init__(self, status: int = 204) -> None:
        self._got: list[Got] = []
        self._server = _Server((LOOPBACK, 0), _handler(self._got, status))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str) -> str:
        """The address of a subscriber of its own."""
        return f"http://{LOOPBACK}:{self._server.server_port}/{path}"

    def at(self, path: str) -> list[Got]:
        """What came to one subscriber so far."""
        return [got for got in list(self._got) if got.path == f"/{path}"]


def _handler(into: list[Got], status: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:
                # Whoever sent it was killed; what did not come whole did not come.
                return
            into.append(Got(self.path, self.headers["webhook-id"], json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
