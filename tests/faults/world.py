"""The product as processes that can be hurt and exchanged, on engines that can be hurt too."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from roundtable.grants import parse_grant
from roundtable.identity import Issuer
from roundtable.native.ports import kept_ports
from roundtable.native.processes import Child, stop_all
from roundtable.native.services import NAMES, Service, start_service
from roundtable.provisioning import add_force
from tests.faults.engines import Cluster, cluster
from tests.faults.signals import await_death, go_on
from tests.journeys.reaching import Reachable, wait_until

ROOT = Path(__file__).resolve().parents[2]
REPLICAS = 2
_STOP_SECONDS = 12.0
# Shorter than the usual five seconds, for the sake of waiting; not so short that eight processes which ask are a load of their own.
_USUAL = {"ROUNDTABLE_REGISTRY_POLL_SECONDS": "1", "PYTHONPATH": str(ROOT)}


@dataclass
class World(Reachable):
    """Four services, and now and then a second process of one."""

    cluster: Cluster
    ports: dict[str, int]
    services: dict[str, Service] = field(default_factory=dict)

    def url(self, service: str) -> str:
        """Address of a service's first process."""
        return self.services[service].url

    def urls(self, service: str) -> Callable[[], list[str]]:
        """The addresses of all processes of a service, as they are at each call."""
        return lambda: [each.url for name, each in list(self.services.items()) if name.partition(":")[0] == service]

    def token(self, *grants: str, subject: str = "journey", lifetime: timedelta = timedelta(hours=12)) -> str:
        """A token with grants such as `kent:reader,recorder`."""
        return Issuer(self.cluster.engines.home).token(subject, [parse_grant(grant) for grant in grants], lifetime)

    def new_force(self) -> str:
        """A force of its own for a row, known to every service."""
        slug = f"r-{secrets.token_hex(4)}"
        add_force(self.cluster.engines.provisioning, slug)
        self.await_force(slug)
        return slug

    def start(self, name: str, *changes: str, settings: Mapping[str, str] | None = None) -> Service:
        """Start `concerns`, or `concerns:2`, with something in it changed: its program is then one of `tests.faults.mains`."""
        service, _, number = name.partition(":")
        program = ("-m", "tests.faults.mains", service, *changes) if changes else ()
        given = _USUAL | dict(settings or {})
        started = start_service(self.cluster.engines, service, self.ports[name], number=int(number or 1), program=program, settings=given)
        self.services[name] = started
        return started

    def stop(self, name: str) -> None:
        """Stop a process in order, whatever state it is in."""
        child = self.services[name].child
        if child.exit_status() is None:
            go_on(child)
        child.terminate()
        child.await_end(time.monotonic() + _STOP_SECONDS)

    def close(self) -> None:
        """Close the client of an administrator who has signed in anew; the cluster closes the one that it made."""
        self.cluster.engines.provisioning.mongo.close()

    @contextmanager
    def changed(self, name: str, *changes: str, settings: Mapping[str, str] | None = None) -> Iterator[Service]:
        """For a while, a service's process is one with something changed; afterwards it is the ordinary one again."""
        self.stop(name)
        started = self.start(name, *changes, settings=settings)
        try:
            await_ready_or_death(started)
            yield started
        finally:
            self.stop(name)
            await_ready(self.start(name))

    def exchange_all(self, settings: Mapping[str, Mapping[str, str]], changes: Mapping[str, Sequence[str]]) -> None:
        """Every service's process is a new one, with these settings and changes by service."""
        for name in NAMES:
            self.stop(name)
        for name in NAMES:
            self.start(name, *changes.get(name, ()), settings=settings.get(name))
        for name in NAMES:
            await_ready(self.services[name])

    @contextmanager
    def replica(self, service: str, *changes: str, settings: Mapping[str, str] | None = None) -> Iterator[Service]:
        """For a while, a service has a second process."""
        name = f"{service}:2"
        started = self.start(name, *changes, settings=settings)
        try:
            await_ready(started)
            yield started
        finally:
            self.stop(name)
            del self.services[name]

    def revive(self, *names: str) -> None:
        """Start dead processes again, as a supervisor does, and wait until all are ready."""
        for name in names:
            await_death(self.services[name].child)
            self.services[name].child.restart()
        for name in names:
            await_ready_or_death(self.services[name])

    def log_of(self, name: str) -> str:
        """What a process has said."""
        return self.services[name].child.command.log.read_text(errors="replace")


@contextmanager
def world(root: Path, brokers: int = 1, members: int = 1) -> Iterator[World]:
    """Engines and four services, all of which are gone at the end."""
    with cluster(root, brokers, members) as engines, ExitStack() as stack:
        Issuer(engines.engines.home).publish()
        names = (*NAMES, *(f"{name}:{number}" for name in NAMES for number in range(2, REPLICAS + 1)))
        made = World(engines, kept_ports(engines.engines.home.root / "faults.json", names))
        stack.callback(made.close)
        stack.callback(lambda: stop_all(_ended(made)))
        for name in NAMES:
            made.start(name)
        for service in made.services.values():
            await_ready(service)
        yield made


def await_ready(service: Service) -> None:
    """Wait until a process serves, whoever starts it again meanwhile."""
    wait_until(lambda: service._missing() is None, within=120)


def await_ready_or_death(service: Service) -> None:
    """Wait until a process serves; one that is made to kill itself may be dead again before anyone has asked it."""
    wait_until(lambda: service.child.exit_status() is not None or service._missing() is None, within=120)


def _ended(made: World) -> list[Child]:
    children = [service.child for service in made.services.values()]
    for child in children:
        if child.exit_status() is None:
            go_on(child)
    return children


__all__ = ["World", "wait_until", "world"]
