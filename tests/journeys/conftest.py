"""The whole product, running: the four services as processes of their own on the real engines."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import pytest

from roundtable.addresses import Addresses
from roundtable.grants import parse_grant
from roundtable.identity import Issuer
from roundtable.native import Engines
from roundtable.native.ports import kept_ports
from roundtable.native.processes import stop_all
from roundtable.native.services import NAMES, Service, start_service
from roundtable.provisioning import add_force

EVERY_ROLE = "reader,sensitive_reader,recorder,publisher,subscriber,operator,controller"


@dataclass(frozen=True)
class Product:
    """A running product and how to reach it."""

    engines: Engines
    services: dict[str, Service]

    def url(self, service: str) -> str:
        """Address of a service."""
        return self.services[service].url

    def token(self, *grants: str, subject: str = "journey", lifetime: timedelta = timedelta(hours=1)) -> str:
        """A token with grants such as `kent:reader,recorder`."""
        return Issuer(self.engines.home).token(subject, [parse_grant(grant) for grant in grants], lifetime)

    def client(self, service: str, *grants: str, subject: str = "journey") -> httpx2.Client:
        """A client of a service, with grants."""
        headers = {"Authorization": f"Bearer {self.token(*grants, subject=subject)}"} if grants else {}
        return httpx2.Client(base_url=self.url(service), headers=headers, timeout=15)

    def add_force(self, slug: str) -> None:
        """Register a force, as an operator does while everything runs, and wait until every service knows it."""
        add_force(self.engines.provisioning, slug)
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


@pytest.fixture(scope="session")
def product(engines: Engines) -> Iterator[Product]:
    """Started once for all journeys; each works with forces of its own or with the demonstration's."""
    Issuer(engines.home).publish()
    for force in ("northamptonshire", "west-yorkshire"):
        add_force(engines.provisioning, force)
    ports = kept_ports(engines.home.root / "journeys.json", NAMES)
    services = {name: start_service(engines, name, ports[name]) for name in NAMES}
    try:
        for service in services.values():
            service.await_ready()
        yield Product(engines, services)
    finally:
        stop_all([service.child for service in services.values()])


@contextmanager
def announced(product: Product) -> Iterator[None]:
    """Let commands find the product by its data folder, as they find a demonstration."""
    urls = {name: service.url for name, service in product.services.items()}
    Addresses(product.engines.bootstrap_servers, product.engines.mongo.address, urls).save(product.engines.home)
    try:
        yield
    finally:
        product.engines.home.stack_file.unlink()


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
