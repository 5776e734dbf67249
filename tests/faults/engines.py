"""Engines to be hurt: one Kafka node or three, one mongod or three, on a small disk of their own where mounting is allowed."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from roundtable.credentials import Credentials, write_once, write_private
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native import Engines
from roundtable.native.engines import provisioned, silent
from roundtable.native.kafka import Kafka
from roundtable.native.kafka import server as kafka
from roundtable.native.kafka.configuration import Listener, Node, server_properties
from roundtable.native.kafka.jars import kafka_jars
from roundtable.native.mongo import Mongo, replica_set
from roundtable.native.mongo import server as mongo
from roundtable.native.mongo.binary import mongod
from roundtable.native.ports import LOOPBACK, answers, kept_ports
from roundtable.native.processes import Child, Command, stop_all
from tests.faults.disk import small_disk
from tests.faults.proxy import Proxy

DISK_MEGABYTES = 1024
PATIENCE = 180.0
# A third of the usual: an election must not cost a row ten seconds.
_ELECTION_MILLISECONDS = 3000


@dataclass(frozen=True)
class Brokers(Kafka):
    """Several nodes, known by all of their addresses."""

    ports: tuple[int, ...] = ()

    def await_ready(self) -> None:
        """Wait until the first node serves its administrator, on a busy machine too."""
        self.child.await_answer(self._missing, PATIENCE)

    @property
    def bootstrap_servers(self) -> str:
        """The addresses that clients connect to."""
        return ",".join(f"{LOOPBACK}:{port}" for port in self.ports)


@dataclass(frozen=True)
class Members(Mongo):
    """Several members of one replica set."""

    ports: tuple[int, ...] = ()

    @property
    def address(self) -> str:
        """Hosts and ports."""
        return ",".join(f"{LOOPBACK}:{port}" for port in self.ports)

    def client(self) -> replica_set.Client:
        """A client of the administrator that follows the primary; the caller closes it."""
        return MongoClient[dict[str, Any]](self.url("admin", self.secrets.of("mongo", "admin")), serverSelectionTimeoutMS=30_000)


@dataclass(frozen=True)
class Cluster:
    """The engines, each of their processes, and the proxies that clients may be led through."""

    engines: Engines
    brokers: list[Child]
    members: list[Child]
    kafka_proxy: Proxy
    mongo_proxy: Proxy
    on_small_disks: bool

    def through_proxies(self, service: str) -> dict[str, str]:
        """The settings of a service whose every byte to an engine passes a proxy."""
        password = Credentials(self.engines.home.secrets).of("mongo", service)
        address = f"mongodb://{service}:{password}@{LOOPBACK}:{self.mongo_proxy.port}/?directConnection=true&authSource=admin"
        return {"ROUNDTABLE_KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{self.kafka_proxy.port}", "ROUNDTABLE_MONGO_URL": address}


@contextmanager
def cluster(root: Path, brokers: int = 1, members: int = 1) -> Iterator[Cluster]:
    """Start engines on a new data folder and stop them at the end, whatever became of them."""
    home = Home.chosen(root).prepare()
    with ExitStack() as stack:
        small = [stack.enter_context(small_disk(folder, DISK_MEGABYTES)) for folder in (home.kafka, home.mongo)]
        proxies = [stack.enter_context(closing(Proxy())) for _ in range(2)]
        children: list[Child] = []
        stack.callback(_stop, children)
        database, mongods = _start_mongo(home, members)
        children += mongods
        log, nodes = _start_kafka(home, brokers, proxies[0])
        children[:0] = nodes
        _await_set(database)
        log.await_ready()
        proxies[1].lead_to(database.port)
        engines = provisioned(home, log, database, children)
        stack.callback(engines.provisioning.mongo.close)
        yield Cluster(engines, nodes, mongods, proxies[0], proxies[1], all(small))


def _stop(children: list[Child]) -> None:
    """One after the other: Kafka first, and MongoDB last."""
    for child in children:
        stop_all([child])


def _start_mongo(home: Home, members: int) -> tuple[Members, list[Child]]:
    write_once(home.keyfile, mongo.new_keyfile())
    ports = tuple(kept_ports(home.mongo / "ports.json", tuple(f"member-{number}" for number in range(members))).values())
    children = []
    for number, port in enumerate(ports, start=1):
        options = [*mongo._options(home, port, LOOPBACK)]
        data = home.mongo / f"data-{number}"
        data.mkdir()
        options[options.index("--dbpath") + 1] = str(data)
        children.append(Child(Command(f"mongo-{number}", (mongod(), *options), home.logs / f"mongo-{number}.log", grace=20)))
    return Members(children[0], ports[0], Credentials(home.secrets), ports=ports), children


def _await_set(database: Members) -> None:
    first = Mongo(database.child, database.port, database.secrets)
    database.child.await_answer(lambda: None if answers(first.port) else "does not answer", PATIENCE)
    hosts = [f"{LOOPBACK}:{port}" for port in database.ports]
    replica_set.ensure(first.seat, hosts)
    with database.client() as client:
        config = client.admin.command("replSetGetConfig")["config"]
        config["settings"]["electionTimeoutMillis"] = _ELECTION_MILLISECONDS
        # All equal: the first member does not take its office back in the middle of a row.
        config["members"] = [member | {"priority": 1} for member in config["members"]]
        config["version"] += 1
        client.admin.command("replSetReconfig", config)


def _start_kafka(home: Home, brokers: int, proxy: Proxy) -> tuple[Brokers, list[Child]]:
    jars, cluster_id = kafka_jars(silent), kafka.new_cluster()
    nodes = _nodes(home, brokers, proxy)
    children = []
    for node in nodes:
        node.data.parent.mkdir()
        properties = node.data.parent / "server.properties"
        write_private(properties, server_properties(node))
        _format(jars, cluster_id, node, properties)
        argv = (*kafka._java(jars), "kafka.Kafka", str(properties))
        children.append(Child(Command(f"kafka-{node.number}", argv, home.logs / f"kafka-{node.number}.log", grace=20)))
    ports = tuple(node.clients.port for node in nodes)
    return Brokers(children[0], ports[0], Credentials(home.secrets), ports=ports), children


def _nodes(home: Home, brokers: int, proxy: Proxy) -> list[Node]:
    names = [f"{kind}-{number}" for number in range(1, brokers + 1) for kind in ("clients", "controller", "outside")]
    ports = kept_ports(home.kafka / "ports.json", tuple(names))
    secrets = Credentials(home.secrets)
    voters = tuple(Listener(LOOPBACK, ports[f"controller-{number}"], LOOPBACK) for number in range(1, brokers + 1))
    proxy.lead_to(ports["outside-1"])
    return [
        Node(
            data=home.kafka / f"node-{number}" / "data",
            clients=Listener(LOOPBACK, ports[f"clients-{number}"], LOOPBACK),
            controller=voters[number - 1],
            admin_password=secrets.of("kafka", "admin"),
            controller_password=secrets.of("kafka", "controller"),
            number=number,
            voters=voters,
            outside=Listener(LOOPBACK, ports[f"outside-{number}"], LOOPBACK, proxy.port) if brokers == 1 else None,
        )
        for number in range(1, brokers + 1)
    ]


def _format(jars: Path, cluster_id: str, node: Node, properties: Path) -> None:
    arguments = properties.with_name("format.arguments")
    write_private(arguments, kafka.format_arguments(cluster_id, node))
    argv = (*kafka._java(jars), "kafka.tools.StorageTool", "format", "-c", str(properties), f"@{arguments}")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        raise OperatorError(done.stdout + done.stderr)
