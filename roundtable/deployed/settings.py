"""What `docker-compose.yml` tells the commands about the stack that they belong to."""

import ipaddress
import os
from pathlib import Path
from typing import Final, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from roundtable.errors import OperatorError

PREFIX: Final = "ROUNDTABLE_STACK_"
KEYSTORE: Final = "kafka.pem"


class Deployment(BaseSettings):
    """The stack's nodes, and how they are reached from inside and outside. Lists are written with commas."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    kafka: str = Field(min_length=1)
    """Each broker's address for its neighbours and for the services."""
    kafka_outside: str = Field(min_length=1)
    """Each broker's address for clients beyond the stack, in the same order."""
    kafka_bind: str = "127.0.0.1"
    """The machine's address on which those are published."""
    kafka_tls: Path = Path("/etc/roundtable/tls")
    """A folder with `kafka.pem`, private key and certificates, when clients beyond the stack speak TLS."""
    mongo: str = Field(min_length=1)
    """Each member of the replica set."""
    services: dict[str, str]
    """Base URL of each service, by its name, as JSON."""
    published: dict[str, str] = Field(default_factory=dict)
    """Under which base URL people reach it, where that is another one."""

    @classmethod
    def told(cls) -> Self | None:
        """The stack that the environment tells of, or None when it tells of none; raises OperatorError when it tells half of it."""
        if not os.environ.get(f"{PREFIX}KAFKA"):
            return None
        try:
            return cls()
        except (ValidationError, SettingsError) as reason:
            message = f"the environment ({PREFIX}…) does not describe a stack: {reason}"
            raise OperatorError(message) from reason

    @classmethod
    def required(cls) -> Self:
        """The stack that the environment tells of; raises OperatorError when it tells of none."""
        told = cls.told()
        if told is None:
            message = "this command is for a stack that docker compose runs: docker compose up"
            raise OperatorError(message)
        return told

    @property
    def brokers(self) -> tuple[str, ...]:
        """Each broker's address inside."""
        return tuple(self.kafka.split(","))

    @property
    def members(self) -> tuple[str, ...]:
        """Each member of the replica set."""
        return tuple(self.mongo.split(","))

    @property
    def keystore(self) -> Path | None:
        """The file that brokers take their private key and certificates from, or None without TLS.

        Raises:
            OperatorError: the folder cannot be looked into.
        """
        file = self.kafka_tls / KEYSTORE
        try:
            return file if file.exists() else None
        except PermissionError as reason:
            message = (
                "the folder that ROUNDTABLE_KAFKA_TLS names cannot be read by user 10001: `chmod -R go+rX deploy` opens that of the clone"
            )
            raise OperatorError(message) from reason

    @property
    def exposed(self) -> list[str]:
        """What reaches beyond this machine without TLS."""
        hosts = [address.rpartition(":")[0] for address in self.kafka_outside.split(",")]
        return [] if self.keystore else [host for host in dict.fromkeys((*hosts, self.kafka_bind)) if not _is_loopback(host)]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
