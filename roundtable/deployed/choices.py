"""What an operator may choose of a deployment: the variables of the compose files. Their defaults stand there, what they mean here."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

FILES: Final = ("docker-compose.yml", "docker-compose.ha.yml")
_VARIABLE: Final = re.compile(r"\$\{(ROUNDTABLE_[A-Z0-9_]+):-((?:[^${}]|\$\{[^{}]*\})*)\}")

MEANINGS: Final[Mapping[str, str]] = {
    "ROUNDTABLE_IMAGE": "Name of the image that is built for all services.",
    "ROUNDTABLE_READMODEL_PORT": "Port of this machine's loopback for the dashboard and the query API.",
    "ROUNDTABLE_MEETINGS_PORT": "The same for meetings.",
    "ROUNDTABLE_CONCERNS_PORT": "The same for concerns and actions.",
    "ROUNDTABLE_NOTIFICATIONS_PORT": "The same for subscriptions and the live stream.",
    "ROUNDTABLE_KAFKA_PORT": "Port on which clients beyond the stack reach Kafka.",
    "ROUNDTABLE_KAFKA_PORT_2": "The same for the second of three brokers.",
    "ROUNDTABLE_KAFKA_PORT_3": "The same for the third.",
    "ROUNDTABLE_KAFKA_HOST": "Name of this machine for clients of Kafka on other machines; refused without TLS.",
    "ROUNDTABLE_KAFKA_BIND": "Address of this machine that Kafka's ports are published on; beyond the loopback refused without TLS.",
    "ROUNDTABLE_KAFKA_TLS": "Folder with kafka.pem, Kafka's private key and certificates: deploy/kafka-tls/README.md.",
    "ROUNDTABLE_KAFKA_HEAP": "Heap of a broker; its container needs about twice that.",
    "ROUNDTABLE_KAFKA_MEMORY": "Memory limit of a broker.",
    "ROUNDTABLE_MONGO_CACHE_GB": "Cache of a mongod in gigabytes; its container needs about twice that.",
    "ROUNDTABLE_MONGO_MEMORY": "Memory limit of a mongod.",
    "ROUNDTABLE_SERVICE_MEMORY": "Memory limit of each service.",
    "ROUNDTABLE_GATEWAY_NAME": "Name under which the gateway serves everything.",
    "ROUNDTABLE_GATEWAY_PORT": "Port of the gateway.",
    "ROUNDTABLE_GATEWAY_BIND": "Address of this machine that the gateway's port is published on; 0.0.0.0 for every one.",
    "ROUNDTABLE_PROMETHEUS_PORT": "Port of this machine's loopback for Prometheus.",
    "ROUNDTABLE_GRAFANA_PORT": "The same for Grafana.",
    "ROUNDTABLE_GATEWAY_TLS": "The gateway's certificate: internal, an e-mail address for ACME, or two files: deploy/gateway-tls.",
    "ROUNDTABLE_GATEWAY_CERTIFICATES": "Folder with those two files.",
}


def describe_choices(texts: Iterable[str], settings: Iterable[str]) -> str:
    """The part of `.env.example` that is for docker compose.

    Args:
        texts: the compose files.
        settings: variables that are described elsewhere, because services read them.

    Raises:
        ValueError: a file has a variable that is not described here, or the other way round.
    """
    found: dict[str, str] = {}
    for name, default in (each for text in texts for each in _VARIABLE.findall(text)):
        found.setdefault(name, default)
    asked = found.keys() - set(settings)
    if asked != MEANINGS.keys():
        message = f"compose files and roundtable/deployed/choices.py disagree on {', '.join(sorted(asked ^ MEANINGS.keys()))}"
        raise ValueError(message)
    return "\n".join(("# What docker compose reads from .env, beside docker-compose.yml.", *_lines(found))) + "\n"


def compose_files(root: Path) -> list[str]:
    """The texts of the compose files of a repository."""
    return [(root / name).read_text(encoding="utf-8") for name in FILES]


def _lines(defaults: Mapping[str, str]) -> Iterator[str]:
    for name, meaning in MEANINGS.items():
        yield f"# {meaning}"
        yield f"# {name}={defaults[name]}"
