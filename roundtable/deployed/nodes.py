"""The configuration of each Kafka node of a deployment, in the folder that the node's container is given."""

from pathlib import Path
from typing import Final

from roundtable.credentials import Credentials, write_private
from roundtable.deployed.secrets import cluster_file
from roundtable.deployed.settings import Deployment
from roundtable.home import Home
from roundtable.native.kafka.configuration import Listener, Node, server_properties
from roundtable.native.kafka.server import LOG4J, format_arguments

DATA: Final = Path("/var/lib/kafka/data")
CONTROLLER_PORT: Final = 9093
OUTSIDE_PORT: Final = 29092


def write_nodes(home: Home, deployment: Deployment) -> None:
    """Write them anew: they say what the settings say now, and hold no secret that does not stand elsewhere too."""
    cluster = cluster_file(home).read_text(encoding="utf-8").strip()
    for node in nodes_of(home, deployment):
        folder = home.secrets / node.clients.host
        folder.mkdir(mode=0o700, exist_ok=True)
        _write(folder / "server.properties", server_properties(node))
        _write(folder / "format.arguments", format_arguments(cluster, node))
        _write(folder / LOG4J.name, LOG4J.read_text(encoding="utf-8"))


def nodes_of(home: Home, deployment: Deployment) -> list[Node]:
    """The nodes, in the order of their numbers."""
    secrets = Credentials(home.secrets)
    inside = [_listener(address) for address in deployment.brokers]
    voters = tuple(Listener(listener.host, CONTROLLER_PORT) for listener in inside)
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


def _listener(address: str) -> Listener:
    host, _, port = address.rpartition(":")
    return Listener(host, int(port))


def _outside(address: str, deployment: Deployment) -> Listener:
    host, _, port = address.rpartition(":")
    return Listener(host, OUTSIDE_PORT, advertised_port=int(port), keystore=deployment.keystore)


def _write(file: Path, content: str) -> None:
    """In one step: a node that starts at this moment reads the whole of it."""
    draft = file.with_name(f".{file.name}")
    write_private(draft, content)
    draft.replace(file)
