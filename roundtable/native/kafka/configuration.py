"""The configuration of one Kafka node that is its own controller, closed to everyone without a grant."""

from dataclasses import dataclass
from pathlib import Path

from roundtable.native.ports import LOOPBACK

_SECURITY = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Node:
    """What distinguishes one node from another."""

    data: Path
    clients_port: int
    controller_port: int
    admin_password: str
    controller_password: str
    bind: str = LOOPBACK
    """Where it listens for clients, who always reach it on the loopback address."""


def server_properties(node: Node) -> str:
    """The text of `server.properties`."""
    settings = {**_listeners(node), **_identities(node), **_DURABILITY, "log.dirs": str(node.data)}
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _listeners(node: Node) -> dict[str, str]:
    controller = f"{LOOPBACK}:{node.controller_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"CLIENTS://{node.bind}:{node.clients_port},CONTROLLER://{controller}",
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{node.clients_port}",
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
    }


def _identities(node: Node) -> dict[str, str]:
    scram = _login("scram.ScramLoginModule", username="admin", password=node.admin_password)
    # SCRAM users live in the log that the controller serves, so the controller itself cannot use them.
    plain = _login(
        "plain.PlainLoginModule",
        username="controller",
        password=node.controller_password,
        user_controller=node.controller_password,
    )
    return {
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.clients.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.clients.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": plain,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": "User:admin;User:controller",
    }


def _login(module: str, **options: str) -> str:
    written = " ".join(f'{name}="{value}"' for name, value in options.items())
    return f"{_SECURITY}.{module} required {written};"


_DURABILITY = {
    # With one copy of the log, an acknowledged event must be on the disk.
    "log.flush.interval.messages": "1",
    "unclean.leader.election.enable": "false",
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A group of one process needs no time for others to join.
    "group.initial.rebalance.delay.ms": "0",
}
