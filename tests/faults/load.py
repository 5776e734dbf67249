"""Patient clients: each raises a concern, amends it and closes it, asks again with the same key until it is answered, and notes that."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.faults.evidence import Answer

_CLOSING = {"resolution": "resolved", "reason": "Patrols take place", "decided_by": "neighbourhood_team"}
_CATEGORIES = ("drugs", "hate-crime", "road-safety")
_PAUSE = 0.25
_AGAIN_AFTER = 0.2
PATIENCE = 4.0
"""Seconds after which a client asks again, unless a row says otherwise."""


@dataclass(frozen=True)
class Target:
    """Where concerns of a force are recorded, by one process or several, and by what right."""

    urls: Callable[[], list[str]]
    token: str
    force: str


class Pace:
    """Hands out moments, so many a second, to whoever asks for one; who is late gets the next ones at once, up to a second of them."""

    def __init__(self, rate: float) -> None:
        self._step = 1 / rate
        self._next = time.monotonic()
        self._lock = threading.Lock()

    def seconds(self) -> float:
        """How long to wait for the next moment."""
        with self._lock:
            now = time.monotonic()
            self._next = max(self._next + self._step, now - 1)
            return max(0.0, self._next - now)


class Load:
    """A steady load of concerns; `answered` and `failures` grow.

    Args:
        target: where to.
        clients: how many there are.
        rate: requests a second of all of them together; without one, each pauses for a moment between two concerns.
        patience: seconds that a client waits for an answer.
    """

    def __init__(self, target: Target, clients: int = 4, rate: float | None = None, patience: float = PATIENCE) -> None:
        self._target = target
        self._timeout = httpx2.Timeout(patience, connect=1.0)
        self._pace = None if rate is None else Pace(rate)
        self._stopping = threading.Event()
        self._giving_up = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]
        self.answered: list[Answer] = []
        self.open_keys: set[str] = set()
        """Keys of requests that were sent and are not answered yet."""
        self.failures: list[tuple[float, str]] = []
        """When an attempt was not answered with success, and by what."""

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def finish(self, within: float) -> None:
        """Begin no more concerns, and wait for those under way; whoever is not answered in time gives up."""
        self._stopping.set()
        deadline = time.monotonic() + within
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._giving_up.set()
        for thread in self._threads:
            thread.join()

    def reached(self, count: int) -> bool:
        """Whether so many requests were answered."""
        return len(self.answered) >= count

    def wait(self, seconds: float) -> None:
        """Let the load go on for so many seconds."""
        self._giving_up.wait(seconds)

    def failed_since(self, instant: float) -> list[str]:
        """What attempts met since an instant (monotonic seconds)."""
        return [why for at, why in list(self.failures) if at >= instant]

    def _run(self, number: int) -> None:
        count = 0
        with httpx2.Client(headers={"Authorization": f"Bearer {self._target.token}"}, timeout=self._timeout, trust_env=False) as client:
            while not self._stopping.is_set():
                count += 1
                self._live(client, f"c{number}-{count}", count)
                self._stopping.wait(0 if self._pace else _PAUSE)

    def _live(self, client: httpx2.Client, key: str, count: int) -> None:
        """One concern from its beginning to its end."""
        path = f"/v1/forces/{self._target.force}/concerns"
        body = {"category": _CATEGORIES[count % 3], "said": f"What was said: {key}", "locality": key}
        raised = self._patiently(client, "POST", path, key, body)
        if raised is None:
            return
        one = f"{path}/{raised['id']}"
        amended = self._patiently(client, "PATCH", one, f"{key}-amend", {"priority": "high"}, raised["version"])
        if amended is not None:
            self._patiently(client, "POST", f"{one}/close", f"{key}-close", _CLOSING, amended["version"])

    def _patiently(
        self, client: httpx2.Client, method: str, path: str, key: str, body: dict[str, Any], version: int | None = None
    ) -> dict[str, Any] | None:
        if self._pace is not None:
            self._giving_up.wait(self._pace.seconds())
        self.open_keys.add(key)
        headers = {"Idempotency-Key": key} | ({"If-Match": f'"{version}"'} if version else {})
        attempt, began = 0, time.monotonic()
        while not self._giving_up.is_set():
            urls = self._target.urls()
            answer = self._once(client, method, urls[(attempt + len(self.answered)) % len(urls)] + path, headers, body)
            if answer is not None:
                self.open_keys.discard(key)
                recorded = int(answer.headers["X-Roundtable-Version"].rpartition("@")[2])
                self.answered.append(Answer(key, answer.json()["id"], recorded, time.monotonic(), attempt, time.monotonic() - began))
                return {"id": answer.json()["id"], "version": recorded}
            attempt += 1
            self._giving_up.wait(_AGAIN_AFTER)
        return None

    def _once(self, client: httpx2.Client, method: str, url: str, headers: dict[str, str], body: dict[str, Any]) -> httpx2.Response | None:
        try:
            answer = client.request(method, url, headers=headers, json=body)
        except httpx2.TransportError as error:
            self.failures.append((time.monotonic(), f"{type(error).__name__}: {error}"))
            return None
        if answer.is_success:
            return answer
        self.failures.append((time.monotonic(), str(answer.status_code)))
        return None
