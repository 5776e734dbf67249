"""The four services as child processes: their ports, their settings, and the wait until each says that it is ready."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx2

from roundtable.errors import OperatorError
from roundtable.identity import AUDIENCE, ISSUER
from roundtable.native.engines import Engines
from roundtable.native.kafka.configuration import protocol
from roundtable.native.ports import LOOPBACK, answers, is_free
from roundtable.native.processes import Child, Command

# The order of the ports: the dashboard has the first.
NAMES = ("readmodel", "meetings", "concerns", "notifications")
START_SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """A started service; it takes requests once `await_ready` has returned."""

    child: Child
    port: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{LOOPBACK}:{self.port}"

    def await_ready(self) -> None:
        """Wait for `/health/ready`; raises OperatorError with the end of its log when it ends or stays silent."""
        self.child.await_answer(self._missing, START_SECONDS)

    def _missing(self) -> str | None:
        # A client costs much more than a look at the port, and it is asked every few milliseconds.
        if not answers(self.port):
            return "does not answer"
        try:
            answer = httpx2.get(f"{self.url}/health/ready", timeout=5)
        except httpx2.TransportError:
            return "does not answer"
        return None if answer.is_success else f"is not ready ({answer.text})"


def service_ports(base: int) -> dict[str, int]:
    """A port for each service, counted from the base; raises OperatorError when one is taken."""
    ports = {name: base + offset for offset, name in enumerate(NAMES)}
    taken = [str(port) for port in ports.values() if not is_free(port)]
    if taken:
        message = f"port {', '.join(taken)} is in use by another program: choose others with --port-base"
        raise OperatorError(message)
    return ports


def start_service(
    engines: Engines, name: str, port: int, *, number: int = 1, program: Sequence[str] = (), settings: Mapping[str, str] | None = None
) -> Service:
    """Start one process of a service on the engines.

    Args:
        engines: what it stands on.
        name: of the service.
        port: where it listens.
        number: which of its replicas it is.
        program: what Python runs, where that is not the service's own `main`.
        settings: environment variables that stand before those of the data folder.
    """
    process = name if number == 1 else f"{name}-{number}"
    command = Command(
        name=process,
        argv=(sys.executable, *(program or ("-m", f"{name}.main"))),
        log=engines.home.logs / f"{process}.log",
        env={**_settings(engines, name, port, number), **_WEBHOOKS.get(name, {}), **(settings or {})},
    )
    return Service(Child(command), port)


def _settings(engines: Engines, name: str, port: int, number: int = 1) -> dict[str, str]:
    settings = {
        "home": str(engines.home.root),
        "instance": f"{name}-{number}",
        "host": LOOPBACK,
        "port": str(port),
        "mongo_url": engines.mongo_address_of(name),
        "kafka_bootstrap_servers": engines.bootstrap_servers,
        "kafka_security_protocol": protocol(tls=engines.ca is not None),
        "engines_ca": str(engines.ca or ""),
        "kafka_username": name,
        # Passwords stand in files: what a process was told at its start would show in its environment, and stay what it was.
        "secrets_dir": str(engines.home.secrets / name),
        "jwks": str(engines.home.jwks),
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "demonstration": "true",
        "keys_dir": str(engines.home.keys),
    }
    return {f"ROUNDTABLE_{key.upper()}": value for key, value in settings.items()}


# A demonstration's receivers run on this machine, which a webhook must otherwise never reach.
_WEBHOOKS = {
    "notifications": {
        "ROUNDTABLE_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.1/32"]',
        "ROUNDTABLE_WEBHOOK_ALLOW_HTTP": "true",
    },
}
