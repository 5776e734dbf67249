"""The ground that benchmarks stand on: the real embedded engines, with databases and forces of each benchmark's own."""

import asyncio
import dataclasses
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

from chassis.service import Runtime, assemble
from chassis.settings import Settings
from roundtable.credentials import Credentials
from roundtable.grants import parse_grant
from roundtable.identity import AUDIENCE, ISSUER, Issuer
from roundtable.native import Engines
from roundtable.native.kafka.configuration import protocol
from roundtable.native.ports import free_port
from roundtable.native.processes import stop_all
from roundtable.native.services import Service, start_service
from roundtable.provisioning import Provisioning, add_force, provision_services

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """A corner of the engines that belongs to one benchmark, and how large that benchmark is to be.

    Attributes:
        rounds: how often each contender is measured.
        quick: whether the small size will do.
        tell: told how it goes on.
    """

    engines: Engines
    prefix: str
    rounds: int
    quick: bool
    tell: Tell

    @property
    def desk(self) -> Provisioning:
        """An operator's desk here."""
        return dataclasses.replace(self.engines.provisioning, database_prefix=self.prefix)

    def size(self, full: int, quick: int) -> int:
        """How much work, by the size of the run."""
        return quick if self.quick else full

    def new_force(self) -> str:
        """Register one more force."""
        force = f"b-{secrets.token_hex(5)}"
        self.register(force)
        return force

    def register(self, force: str) -> None:
        """Register a force here, which may be registered in other databases too."""
        add_force(self.desk, force)

    def fresh(self) -> "Ground":
        """Empty databases on the same engines."""
        return dataclasses.replace(self, prefix=fresh_prefix(self.engines))

    def token(self, *grants: str) -> str:
        """A token with grants such as `kent:recorder`."""
        return Issuer(self.engines.home).token("benchmark", [parse_grant(grant) for grant in grants], timedelta(hours=12))

    def environment(self, service: str) -> Mapping[str, str]:
        """The settings of a service that works here."""
        settings = {
            "port": "0",
            "database_prefix": self.prefix,
            "mongo_url": self.engines.mongo_url(service),
            "kafka_bootstrap_servers": self.engines.bootstrap_servers,
            "kafka_security_protocol": protocol(tls=self.engines.ca is not None),
            "engines_ca": str(self.engines.ca or ""),
            "kafka_username": service,
            "kafka_password": self.engines.kafka_password(service),
            "jwks": str(self.engines.home.jwks),
            "issuer": ISSUER,
            "demonstration": "true",
            "audience": AUDIENCE,
            "keys_dir": str(self.engines.home.keys),
            "registry_poll_seconds": "0.2",
        }
        return {f"ROUNDTABLE_{name.upper()}": value for name, value in settings.items()}

    @asynccontextmanager
    async def runtime(self, service: str) -> AsyncIterator[Runtime]:
        """The parts of a service in this process, its registry read."""
        with patch.dict(os.environ, self.environment(service)):
            runtime = assemble(service, Settings())
        try:
            await runtime.registry.refresh()
            yield runtime
        finally:
            runtime.stopping.set()
            await runtime.exits.aclose()

    @contextmanager
    def services(self, *names: str, module: str | None = None) -> Iterator[dict[str, Service]]:
        """Services as processes of their own.

        Args:
            names: of the services.
            module: what runs in the place of their `main`.
        """
        running: dict[str, Service] = {}
        program = () if module is None else ("-m", module)
        try:
            running |= {name: self.start(name, program=program) for name in names}
            for service in running.values():
                service.await_ready()
            yield running
        finally:
            stop_all([service.child for service in running.values()])

    def start(self, name: str, *, number: int = 1, program: Sequence[str] = ()) -> Service:
        """Start one process of a service here; who starts it stops it."""
        settings = {"ROUNDTABLE_DATABASE_PREFIX": self.prefix, "ROUNDTABLE_REGISTRY_POLL_SECONDS": "0.2"}
        return start_service(self.engines, name, free_port(), number=number, program=program, settings=settings)


def fresh_prefix(engines: Engines) -> str:
    """Stands before the names of databases that nobody else has; the services' users may use them."""
    prefix = f"b{secrets.token_hex(4)}_"
    desk = engines.provisioning
    provision_services(desk.kafka, desk.mongo, Credentials(engines.home.secrets), database_prefix=prefix)
    return prefix


async def until(condition: Callable[[], Awaitable[bool]], within: float = 120.0) -> None:
    """Wait until a condition holds; TimeoutError when it does not within so many seconds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)
