"""A running product as its users reach it, however it runs."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from ssl import SSLContext
from typing import Any

import httpx2


class Reachable(ABC):
    """Four services with addresses, and someone who gives tokens."""

    authority: SSLContext | None = None
    """By whom their certificates are vouched for, where it is nobody that everyone knows."""

    @abstractmethod
    def url(self, service: str) -> str:
        """Address of a service."""

    @abstractmethod
    def token(self, *grants: str, subject: str = "journey", lifetime: timedelta = timedelta(hours=1)) -> str:
        """A token with grants such as `kent:reader,recorder`."""

    def client(self, service: str, *grants: str, subject: str = "journey") -> httpx2.Client:
        """A client of a service, with grants."""
        headers = {"Authorization": f"Bearer {self.token(*grants, subject=subject)}"} if grants else {}
        return httpx2.Client(base_url=self.url(service), headers=headers, timeout=15, verify=self.authority or True)

    def await_force(self, slug: str) -> None:
        """Wait until every service knows a force."""
        asking = {
            "meetings": ("POST", f"/v1/forces/{slug}/meetings"),
            "concerns": ("POST", f"/v1/forces/{slug}/concerns"),
            "notifications": ("GET", f"/v1/forces/{slug}/subscriptions"),
            "readmodel": ("GET", f"/v1/concerns?force={slug}"),
        }
        for service, (method, path) in asking.items():
            with self.client(service, f"{slug}:reader,recorder,subscriber") as client:
                wait_until(partial(_admits, client, method, path))


def _admits(client: httpx2.Client, method: str, path: str) -> bool:
    return client.request(method, path).status_code != httpx2.codes.FORBIDDEN


def wait_until(holds: Callable[[], bool], within: float = 15.0) -> None:
    """Wait until something holds; fail when it does not within so many seconds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)


def created(answer: httpx2.Response) -> dict[str, Any]:
    """The record that a request created; anything but 201 fails with what was said."""
    assert answer.status_code == httpx2.codes.CREATED, answer.text
    record: dict[str, Any] = answer.json()
    return record
