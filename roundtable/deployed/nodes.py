"""The configuration of each Kafka node of a deployment, in the folder that the node's container is given."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from roundtable.certificates import Authority
from roundtable.credentials import Credentials, replace_private
from roundtable.deployed.secrets import cluster_file
from roundtable.deployed.settings import Deployment
from roundtable.home import Home
from roundtable.native.kafka.configuration import Listener, Node, server_properties
from roundtable.native.kafka.server import LOG4J, format_arguments
from roundtable.native.ports import LOOPBACK

DATA: Final = Path("/var/lib/kafka/data")
GIVEN: Final = Path("/run/secrets")
"""Where a node's container finds the folder that is written here for it."""
CONTROLLER_PORT: Final = 9093
OUTSIDE_PORT: Final = 29092


def write_nodes(home: Home, deployment: Deployment) -> None:
    """Write them anew: they say what the settings say now, and hold no secret that does not stand elsewhere too."""
    cluster = cluster_file(home).read_text(encoding="utf-8").strip()
    authority = Authority(home)
    # The members of the replica set are given one folder, because they know each other by one keyfile.
    authority.hold("mongo", [*_hosts(deployment.members), LOOPBACK])
    for node in nodes_of(home, deployment):
        folder = authority.hold(node.clients.host, [node.clients.host, LOOPBACK])
        replace_private(folder / "server.properties", server_properties(node))
        replace_private(folder / "format.arguments", format_arguments(cluster, node))
        replace_private(folder / LOG4J.name, LOG4J.read_text(encoding="utf-8"))


def nodes_of(home: Home, deployment: Deployment) -> list[Node]:
    """The nodes, in the order of their numbers."""
    secrets = Credentials(home.secrets)
    inside = [_listener(address) for address in deployment.brokers]
    voters = tuple(replace(listener, port=CONTROLLER_PORT) for listener in inside)
    outside = [_outside(address, deployment) for address in deployment.kafka_outside.split(",")]
    return [
        Node(
            data=DATA,
            clients=clients,
            controller=voters[number - 1],
            admin_password=secrets.kept("kafka", "admin"),
            controller_password=secrets.kept("kafka", "controller"),
            number=number,
            voters=voters,
            outside=beyond,
        )
        for number, (clients, beyond) in enumerate(zip(inside, outside, strict=True), start=1)
    ]


def _hosts(addresses: Sequence[str]) -> list[str]:
    return [address.rpartition(":")[0] for address in addresses]


def _listener(address: str) -> Listener:
    host, _, port = address.rpartition(":")
    return Listener(host, int(port)).certified(GIVEN)


def _outside(address: str, deployment: Deployment) -> Listener:
    host, _, port = address.rpartition(":")
    return Listener(host, OUTSIDE_PORT, advertised_port=int(port), keystore=deployment.keystore)
