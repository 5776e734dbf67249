"""The whole product, running: the four services as processes of their own on the real engines."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from readmodel.model import Model
from roundtable.addresses import Addresses
from roundtable.grants import parse_grant
from roundtable.identity import Issuer
from roundtable.live_model import standing
from roundtable.native import Engines
from roundtable.native.ports import kept_ports
from roundtable.native.processes import stop_all
from roundtable.native.services import NAMES, Service, start_service
from roundtable.provisioning import add_force
from tests.journeys.reaching import Reachable, created, wait_until

__all__ = ["EVERY_ROLE", "Product", "Reachable", "created", "wait_until"]

PROGRAM = str(Path(sys.executable).with_name("roundtable"))
EVERY_ROLE = "reader,sensitive_reader,recorder,publisher,subscriber,operator,controller"


@dataclass(frozen=True)
class Product(Reachable):
    """A running product and how to reach it."""

    engines: Engines
    services: dict[str, Service]

    def url(self, service: str) -> str:
        """Address of a service."""
        return self.services[service].url

    def token(self, *grants: str, subject: str = "journey", lifetime: timedelta = timedelta(hours=1)) -> str:
        """A token with grants such as `kent:reader,recorder`."""
        return Issuer(self.engines.home).token(subject, [parse_grant(grant) for grant in grants], lifetime)

    def live_model(self) -> Model:
        """The model of the read model that is live: a journey may have had it built anew."""
        now = standing(self.engines.provisioning)
        assert now is not None
        return now.live

    def add_force(self, slug: str) -> None:
        """Register a force, as an operator does while everything runs, and wait until every service knows it."""
        add_force(self.engines.provisioning, slug)
        self.await_force(slug)


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


def roundtable(product: Product, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    """What comes of `roundtable …` as an operator types it, who answers a question so."""
    argv = [PROGRAM, *arguments, "--home", str(product.engines.home.root)]
    with announced(product):
        return subprocess.run(argv, input=answer, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
