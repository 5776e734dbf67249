"""Someone whose grant goes: what their streams, pages, exports and webhooks still show, and when."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

SMALL_BUFFER = 4_096
"""Bytes that wait for a reader who takes nothing; few, so that the sender notices soon."""
SMALL_SEGMENT = 1_024
_PAUSE = 0.1


@dataclass
class Watched:
    """Moments at which something of the force was shown (monotonic seconds)."""

    shown: list[float] = field(default_factory=list)

    def after(self, instant: float) -> int:
        """How often that was later than an instant."""
        return sum(at > instant for at in list(self.shown))


class Stream(Watched):
    """A live stream, read in a thread of its own; a reader who pauses takes nothing, and the sender waits for them.

    Args:
        url: of notifications.
        token: of who listens.
        force: what they listen to.
        after: the place where they were.
        most: events after which the reader pauses; 0 for never.
    """

    def __init__(self, url: str, token: str, force: str, after: str | None = None, most: int = 0) -> None:
        super().__init__()
        self._most = most
        self.reads = threading.Event()
        self.reads.set()
        self.over = threading.Event()
        self.last_id = ""
        self.ending = ""
        address = urlsplit(url)
        self._host, self._port = str(address.hostname), int(address.port or 80)
        self._headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": after} if after else {})
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        # On loopback a segment is 64 KiB, and the sender keeps room for many of them.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
        self._thread = threading.Thread(target=self._run, args=(f"/v1/stream?force={force}",), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up."""
        self.reads.set()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The other side was first.
            self._socket.close()
        self._thread.join()

    def _run(self, path: str) -> None:
        try:
            self._socket.connect((self._host, self._port))
            connection = http.client.HTTPConnection(self._host, self._port)
            connection.sock = self._socket
            connection.request("GET", path, headers=self._headers)
            with connection.getresponse() as response:
                for line in iter(response.readline, b""):
                    self._take(line.decode())
                    self.reads.wait()
        except (OSError, http.client.HTTPException) as error:
            self.ending = self.ending or type(error).__name__
        finally:
            self._socket.close()
            self.over.set()

    def _take(self, line: str) -> None:
        name, _, value = line.strip().partition(": ")
        if name == "data" and "subject" in json.loads(value):
            self.shown.append(time.monotonic())
            if len(self.shown) == self._most:
                self.reads.clear()
        elif name == "id":
            self.last_id = value
        elif value.startswith("ended"):
            self.ending = value


class Asker(Watched):
    """Asks for the same thing again and again, and notes each time when it is shown.

    Args:
        ask: asks once; whether the thing was shown.
    """

    def __init__(self, ask: Callable[[], bool]) -> None:
        super().__init__()
        self.refused = threading.Event()
        self._ask = ask
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_PAUSE):
            if self._ask():
                self.shown.append(time.monotonic())
            else:
                self.refused.set()


def signed_in(link: str) -> httpx2.Client:
    """A browser in which someone followed a sign-in link."""
    address = urlsplit(link)
    browser = httpx2.Client(base_url=f"{address.scheme}://{address.netloc}", timeout=15, trust_env=False)
    answer = browser.get(f"{address.path}?{address.query}", headers={"sec-fetch-site": "none"})
    assert answer.headers.get("location") == "/overview", answer.text
    return browser
