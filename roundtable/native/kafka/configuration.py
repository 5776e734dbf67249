"""The configuration of a Kafka node that is its own controller, alone or one of several, closed to everyone without a grant."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from roundtable.certificates import CERTIFICATE, TRUSTED

_SECURITY = "org.apache.kafka.common.security"
_COPIES: Final = 3
_AMONG_BROKERS: Final = "CLIENTS"


def protocol(*, tls: bool) -> str:
    """Kafka's name for how a listener speaks; everyone signs in, everywhere."""
    return "SASL_SSL" if tls else "SASL_PLAINTEXT"


@dataclass(frozen=True)
class Listener:
    """Where a node listens, and under which address others reach it there."""

    host: str
    port: int
    bind: str = ""
    """The address to listen on; every one of the machine when it is empty."""
    advertised_port: int | None = None
    """The port that others use, where it is another one."""
    keystore: Path | None = None
    """Private key and certificates (PEM), where the listener speaks TLS."""
    truststore: Path | None = None
    """Whose signatures the node takes when it speaks to others there (PEM)."""

    def certified(self, folder: Path) -> Self:
        """The same, speaking TLS by what an authority of ours wrote into a folder."""
        return replace(self, keystore=folder / CERTIFICATE, truststore=folder / TRUSTED)

    @property
    def address(self) -> str:
        """Host and port, for those who connect."""
        return f"{self.host}:{self.advertised_port or self.port}"

    @property
    def binding(self) -> str:
        """Host and port to listen on."""
        return f"{self.bind}:{self.port}"

    @property
    def protocol(self) -> str:
        """Kafka's name for how it speaks."""
        return protocol(tls=self.keystore is not None)


@dataclass(frozen=True)
class Node:
    """What distinguishes one node from another."""

    data: Path
    clients: Listener
    controller: Listener
    admin_password: str
    """Of the user that formatting makes."""
    controller_password: str
    """By which the nodes know each other, as brokers too."""
    number: int = 1
    voters: tuple[Listener, ...] = ()
    """The controllers' listeners of all nodes, in the order of their numbers; this one's alone when there are no others."""
    outside: Listener | None = None
    """For clients who reach the node under another address than its neighbours do."""

    @property
    def quorum(self) -> tuple[Listener, ...]:
        """The controllers' listeners of all nodes."""
        return self.voters or (self.controller,)

    @property
    def for_clients(self) -> dict[str, Listener]:
        """The listeners that take SCRAM users, by name."""
        return {_AMONG_BROKERS: self.clients} | ({"OUTSIDE": self.outside} if self.outside else {})

    @property
    def listeners(self) -> dict[str, Listener]:
        """All of them, by name."""
        return {**self.for_clients, "CONTROLLER": self.controller}


def server_properties(node: Node) -> str:
    """The text of `server.properties`."""
    settings = {**_listeners(node), **_identities(node), **dict(_tls(node)), **_durability(len(node.quorum)), "log.dirs": str(node.data)}
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _listeners(node: Node) -> dict[str, str]:
    every = node.listeners
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(f"{number}@{voter.address}" for number, voter in enumerate(node.quorum, start=1)),
        "listeners": ",".join(f"{name}://{listener.binding}" for name, listener in every.items()),
        "advertised.listeners": ",".join(f"{name}://{listener.address}" for name, listener in node.for_clients.items()),
        "listener.security.protocol.map": ",".join(f"{name}:{listener.protocol}" for name, listener in every.items()),
        "inter.broker.listener.name": _AMONG_BROKERS,
        "controller.listener.names": "CONTROLLER",
    }


def _identities(node: Node) -> dict[str, str]:
    # SCRAM users live in the log that the controller serves, so the controller itself cannot use them. Brokers could, but would go on
    # with the password of their start once it is exchanged, and a broker that signs in anew, also to itself, would be refused.
    plain = _login(
        "plain.PlainLoginModule",
        username="controller",
        password=node.controller_password,
        user_controller=node.controller_password,
    )
    return {
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        **dict(_scram(node)),
        "listener.name.clients.plain.sasl.jaas.config": plain,
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": plain,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": "User:admin;User:controller",
    }


def _scram(node: Node) -> Iterator[tuple[str, str]]:
    for name in node.for_clients:
        prefix = f"listener.name.{name.lower()}"
        yield f"{prefix}.sasl.enabled.mechanisms", "SCRAM-SHA-512,PLAIN" if name == _AMONG_BROKERS else "SCRAM-SHA-512"
        yield f"{prefix}.scram-sha-512.sasl.jaas.config", _login("scram.ScramLoginModule")


def _tls(node: Node) -> Iterator[tuple[str, str]]:
    for name, listener in node.listeners.items():
        for store, file in (("keystore", listener.keystore), ("truststore", listener.truststore)):
            if file:
                yield f"listener.name.{name.lower()}.ssl.{store}.type", "PEM"
                yield f"listener.name.{name.lower()}.ssl.{store}.location", str(file)


def _login(module: str, **options: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in options.items())
    return f"{_SECURITY}.{module} required{written};"


def _durability(nodes: int) -> dict[str, str]:
    copies, in_sync = str(min(_COPIES, nodes)), str(max(1, min(_COPIES, nodes) - 1))
    # With one copy of the log, an acknowledged event must be on the disk.
    flushing = {"log.flush.interval.messages": "1"} if nodes == 1 else {}
    return {
        **flushing,
        **_STANDING,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


_STANDING: Final = {
    "unclean.leader.election.enable": "false",
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # A group of one process needs no time for others to join.
    "group.initial.rebalance.delay.ms": "0",
}
