"""A listener to the live stream, as a subscriber would write one."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

from tests.journeys.conftest import Reachable, wait_until


@dataclass
class Heard:
    """One event of the stream."""

    type: str
    id: str
    data: dict[str, Any]


@dataclass
class Listener:
    """Listens in a thread of its own until it is closed; `heard` grows."""

    product: Reachable
    grants: tuple[str, ...]
    forces: tuple[str, ...]
    last_event_id: str | None = None
    heard: list[Heard] = field(default_factory=list)
    connected: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    _response: httpx2.Response | None = None

    def __enter__(self) -> Self:
        """Connect; the stream is open when this returns."""
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.connected.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        if self._response is not None:
            self._response.close()

    def wait_for(self, *types: str) -> None:
        """Wait until an event of each type was heard."""
        wait_until(lambda: set(types) <= {event.type for event in self.heard})

    def _listen(self) -> None:
        headers = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        try:
            with (
                self.product.client("notifications", *self.grants) as client,
                client.stream("GET", "/v1/stream", params={"force": list(self.forces)}, headers=headers, timeout=60) as response,
            ):
                assert response.status_code == httpx2.codes.OK, response.read()
                self._response = response
                self.connected.set()
                self._read(response)
        except (httpx2.TransportError, httpx2.StreamError):
            return
        finally:
            self.ended.set()

    def _read(self, response: httpx2.Response) -> None:
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                self.heard.append(Heard(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"])))
                fields = {}
            else:
                fields = {}
