"""The four services as child processes: their ports, their settings, and the wait until each says that it is ready."""

import sys
from dataclasses import dataclass

import httpx2

from roundtable.errors import OperatorError
from roundtable.identity import AUDIENCE, ISSUER
from roundtable.native.engines import Engines
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


def start_service(engines: Engines, name: str, port: int, module: str | None = None) -> Service:
    """Start one service on the engines; another module than its own `main` where one is named."""
    command = Command(
        name=name,
        argv=(sys.executable, "-m", module or f"{name}.main"),
        log=engines.home.logs / f"{name}.log",
        env={**_settings(engines, name, port), **_WEBHOOKS.get(name, {})},
    )
    return Service(Child(command), port)


def _settings(engines: Engines, name: str, port: int) -> dict[str, str]:
    settings = {
        "home": str(engines.home.root),
        "instance": f"{name}-1",
        "host": LOOPBACK,
        "port": str(port),
        "mongo_url": engines.mongo_url(name),
        "kafka_bootstrap_servers": engines.bootstrap_servers,
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_username": name,
        "kafka_password": engines.kafka_password(name),
        "jwks": str(engines.home.jwks),
        "issuer": ISSUER,
        "audience": AUDIENCE,
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
