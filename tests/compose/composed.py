"""The product as docker compose runs it, under a name and on ports of its own."""

import json
import os
import random
import secrets
import ssl
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from roundtable.native.ports import RANGE, is_free
from tests.journeys.reaching import Reachable

ROOT = Path(__file__).resolve().parents[2]
PORTS = {
    "readmodel": "ROUNDTABLE_READMODEL_PORT",
    "meetings": "ROUNDTABLE_MEETINGS_PORT",
    "concerns": "ROUNDTABLE_CONCERNS_PORT",
    "notifications": "ROUNDTABLE_NOTIFICATIONS_PORT",
    "kafka": "ROUNDTABLE_KAFKA_PORT",
    "kafka-2": "ROUNDTABLE_KAFKA_PORT_2",
    "kafka-3": "ROUNDTABLE_KAFKA_PORT_3",
    "gateway": "ROUNDTABLE_GATEWAY_PORT",
    "prometheus": "ROUNDTABLE_PROMETHEUS_PORT",
    "grafana": "ROUNDTABLE_GRAFANA_PORT",
}
WITH_IMAGES = ("gateway", "prometheus")
"""Services with an image of their own; the others share one."""
Done = subprocess.CompletedProcess[str]
_UNUSED = iter(random.sample(RANGE, len(RANGE)))
"""Each is given once: one whose container rests looks free, and its project will ask for it again."""


@dataclass
class Composed(Reachable):
    """A project of docker compose."""

    name: str
    ports: dict[str, int]
    files: tuple[str, ...] = ("docker-compose.yml",)
    through: str | None = None
    """The one service that is published, where the others stand behind it."""
    authority: ssl.SSLContext | None = None
    _tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def image(self) -> str:
        """The image of this project alone: no other's may be changed under its feet."""
        return f"{self.name}:test"

    def url(self, service: str) -> str:
        """Address of a service on this machine."""
        return f"https://localhost:{self.ports[self.through]}" if self.through else f"http://127.0.0.1:{self.ports[service]}"

    def token(self, *grants: str, subject: str = "journey", lifetime: timedelta = timedelta(hours=1)) -> str:
        """A token that the command line gave, as an operator would ask for it."""
        wanted = (*(word for grant in grants for word in ("--grant", grant)), "--subject", subject)
        if wanted not in self._tokens:
            self._tokens[wanted] = self.cli("token", *wanted, "--ttl", f"{int(lifetime.total_seconds())}s").strip()
        return self._tokens[wanted]

    def up(self, *options: str, **settings: str) -> Done:
        """Have all of it started, and wait until it is healthy."""
        done = self.run(*options, "up", "--wait", "--wait-timeout", "300", **settings)
        assert done.returncode == 0, "\n".join((done.stderr[-2000:], docker("ps", "--all"), self.run("logs", "--tail", "15").stdout))
        return done

    def cli(self, *arguments: str) -> str:
        """What a command of ours prints."""
        done = self.run("run", "--rm", "--no-TTY", "cli", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def within(self, script: str) -> Done:
        """Run a script on the data folder, as the user who owns it."""
        done = self.run("run", "--rm", "--no-TTY", "--entrypoint", "sh", "cli", "-ec", script)
        assert done.returncode == 0, done.stderr
        return done

    def run(self, *arguments: str, **settings: str) -> Done:
        """Run a command of docker compose."""
        return self._do(("docker", "compose", *arguments), ROOT, settings)

    def shell(self, script: str, folder: Path) -> Done:
        """Run commands as they stand on a page, in a folder that keeps what they write."""
        return self._do(("/bin/bash", "-euo", "pipefail", "-c", script), folder, {})

    def _do(self, argv: tuple[str, ...], folder: Path, settings: dict[str, str]) -> Done:
        of_the_project = {
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_FILE": os.pathsep.join(str(ROOT / file) for file in self.files),
            "COMPOSE_ENV_FILES": os.devnull,
            "ROUNDTABLE_IMAGE": self.image,
            **{PORTS[name]: str(port) for name, port in self.ports.items()},
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ROUNDTABLE_", "COMPOSE_"))}
        everything = environment | of_the_project | settings
        return subprocess.run(argv, cwd=folder, env=everything, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603 - our own command

    def containers(self) -> list[dict[str, Any]]:
        """What the engine says of every container of the project, of those that have done their work too."""
        ids = self.run("ps", "--all", "--quiet").stdout.split()
        found: list[dict[str, Any]] = json.loads(docker("inspect", *ids))
        return found

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self.name}-{service}-1"


def docker(*arguments: str) -> str:
    """What a command of docker prints."""
    argv = ("docker", *arguments)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stderr
    return done.stdout


def service_of(container: dict[str, Any]) -> str:
    """The service that a container belongs to."""
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def assert_nobody(containers: Iterable[dict[str, Any]]) -> None:
    """Each runs as nobody, writes to its volumes alone, has no rights beyond that and bounds to what it may take."""
    for each in containers:
        host = each["HostConfig"]
        assert each["Config"]["User"] == "10001:10001"
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        # The gateway's program is marked to bind low ports, and does not start without.
        assert host["CapAdd"] == (["CAP_NET_BIND_SERVICE"] if service_of(each) == "gateway" else None)
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] > 0
        assert host["NanoCpus"] > 0
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}


@contextmanager
def composed(published: Iterable[str], **facts: Any) -> Iterator[Composed]:
    """A project that is not started yet; nothing is left of it at the end.

    Args:
        published: what has a port.
        facts: of the project.
    """
    ports = {name: next(port for port in _UNUSED if is_free(port)) for name in published}
    project = Composed(f"roundtable-{secrets.token_hex(3)}", ports, **facts)
    try:
        yield project
    finally:
        project.run("--profile", "*", "down", "--volumes", "--timeout", "5", "--remove-orphans")
        docker("image", "rm", "--force", project.image, *(f"{project.name}-{service}:0.1.0" for service in WITH_IMAGES))
