"""The whole product on this machine: the engines, then the services, and all of it gone at the end."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roundtable.addresses import Addresses
from roundtable.home import Home
from roundtable.identity import Issuer
from roundtable.native.engines import Engines, start_engines
from roundtable.native.kafka.jars import Tell
from roundtable.native.lock import refuse_second
from roundtable.native.processes import Child, stop_all
from roundtable.native.services import Service, service_ports, start_service
from roundtable.provisioning import add_force, registered_forces


@dataclass(frozen=True)
class Stack:
    """A running stack: its services have said that they are ready."""

    engines: Engines
    addresses: Addresses
    children: list[Child]
    """Every process, for a supervisor."""


@contextmanager
def start_stack(root: Path, port_base: int, forces: Iterable[str], tell: Tell, *, tls: bool = False) -> Iterator[Stack]:
    """Start everything on a data folder, with these forces registered; stop the services first, then the engines.

    With `tls`, everyone speaks TLS to the engines.

    Raises OperatorError when a stack runs on the folder, a port is taken, or a part does not come up.
    """
    refuse_second(Home.chosen(root))
    ports = service_ports(port_base)
    with start_engines(root, tell, tls=tls) as engines:
        Issuer(engines.home).publish()
        _register(engines, forces, tell)
        with _running_services(engines, ports, tell) as services:
            yield _announced(engines, services)


def _register(engines: Engines, forces: Iterable[str], tell: Tell) -> None:
    known = {force["_id"] for force in registered_forces(engines.provisioning)}
    for force in forces:
        if force not in known:
            tell(f"registering {force}")
            add_force(engines.provisioning, force)


@contextmanager
def _running_services(engines: Engines, ports: dict[str, int], tell: Tell) -> Iterator[dict[str, Service]]:
    services: dict[str, Service] = {}
    try:
        tell("starting the services")
        for name, port in ports.items():
            services[name] = start_service(engines, name, port)
        for service in services.values():
            service.await_ready()
        yield services
    finally:
        engines.home.stack_file.unlink(missing_ok=True)
        tell("stopping the services")
        stop_all([service.child for service in services.values()])


def _announced(engines: Engines, services: dict[str, Service]) -> Stack:
    urls = {name: service.url for name, service in services.items()}
    ca = None if engines.ca is None else str(engines.ca)
    addresses = Addresses(engines.bootstrap_servers, engines.mongo.address, urls, ca=ca)
    addresses.save(engines.home)
    children = [service.child for service in services.values()]
    return Stack(engines, addresses, [*engines.children, *children])
