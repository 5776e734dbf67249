"""Where the running stack answers: what docker compose tells, or what `demo` wrote into the data folder."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from roundtable.deployed.settings import Deployment
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native.kafka.configuration import protocol
from roundtable.native.lock import is_held


@dataclass(frozen=True)
class Outside:
    """Where the stack answers people and programs that are no part of it."""

    bootstrap_servers: str
    services: dict[str, str]
    security_protocol: str = field(default=protocol(tls=False))
    ca: str | None = None
    """A file of those whose signatures on Kafka's certificate are to be taken, where it is signed by the deployment's own authority."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of one running stack."""

    bootstrap_servers: str
    mongo: str
    services: dict[str, str]
    """Base URL of each service, by its name."""
    outside: Outside | None = None
    """Where commands reach the stack by other addresses than everyone else."""
    ca: str | None = None
    """Whose signatures the engines' certificates bear, as a file, where they speak TLS."""

    @property
    def engines_ca(self) -> Path | None:
        """That file."""
        return None if self.ca is None else Path(self.ca)

    @property
    def for_clients(self) -> Outside:
        """The addresses to give away."""
        return self.outside or Outside(self.bootstrap_servers, self.services, protocol(tls=self.ca is not None), self.ca)

    def save(self, home: Home) -> None:
        """Write them in one step, so that no command reads half of them."""
        draft = home.stack_file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(home.stack_file)

    @classmethod
    def of(cls, home: Home) -> "Addresses":
        """Those of the stack that the environment tells of, else of the one that runs on this folder; raises OperatorError for neither."""
        deployment = Deployment.told()
        return _of_deployment(deployment, home) if deployment else cls._kept(home)

    @classmethod
    def _kept(cls, home: Home) -> "Addresses":
        if not home.stack_file.exists() or not is_held(home):
            message = f"no stack runs on {home.root}: start one with `roundtable demo`, or name another --home"
            raise OperatorError(message)
        return cls(**json.loads(home.stack_file.read_text()))


def _of_deployment(told: Deployment, home: Home) -> Addresses:
    outside = Outside(told.kafka_outside, {**told.services, **told.published}, protocol(tls=told.keystore is not None))
    return Addresses(told.kafka, told.mongo, dict(told.services), outside, str(home.engines_ca))


def require_running(home: Home) -> None:
    """Raise OperatorError unless a stack runs on this folder, or the environment tells of one."""
    Addresses.of(home)
