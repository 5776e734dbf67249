"""Formats Kafka's storage on the first start, starts the node, and tells when it answers."""

import base64
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from roundtable.credentials import Credentials, write_private
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native.kafka.configuration import Listener, Node, protocol, server_properties
from roundtable.native.kafka.jars import Tell, kafka_jars, require
from roundtable.native.ports import LOOPBACK, answers, kept_ports
from roundtable.native.processes import Child, Command, Started
from roundtable.provisioning.desk import kafka_admin

START_SECONDS = 60.0
_STOP_SECONDS = 20.0
LOG4J = Path(__file__).with_name("log4j2.properties")
HEAP = ("-Xms128m", "-Xmx512m")
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_BY_TLS = ("-XX:+UseSerialGC",)
"""The compiler that is quick at once knows none of the processor's instructions for AES."""


@dataclass(frozen=True)
class Kafka:
    """A node at its loopback port; it answers once `await_ready` has returned."""

    child: Started
    port: int
    secrets: Credentials
    ca: Path | None = None
    """Whose signature its certificate bears, where it speaks TLS."""

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients connect to."""
        return f"{LOOPBACK}:{self.port}"

    def await_ready(self) -> None:
        """Wait until the node serves its administrator; raises OperatorError when it does not."""
        self.child.await_answer(self._missing, START_SECONDS)
        self.secrets.put_right("kafka", "admin", self._lets_in)

    def administrator(self) -> AdminClient:
        """A client of the administrator."""
        return kafka_admin(self.client("admin", self.secrets.of("kafka", "admin")))

    def client(self, user: str, password: str) -> dict[str, str]:
        """Configuration of a librdkafka client with this identity."""
        return client_configuration(self.bootstrap_servers, user, password, self.ca)

    def _missing(self) -> str | None:
        if not answers(self.port):
            return "does not answer"
        if self.secrets.accepted("kafka", "admin", self._lets_in):
            return None
        return f"does not serve its administrator ({why_away(self.administrator())})"

    def _lets_in(self, password: str) -> bool:
        return why_away(kafka_admin(self.client("admin", password))) is None


def why_away(administrator: AdminClient) -> str | None:
    """Why Kafka does not serve its administrator; None when it does."""
    try:
        administrator.list_topics(timeout=5)
    except KafkaException as failure:
        return str(failure.args[0].str())
    return None


def client_configuration(bootstrap_servers: str, user: str, password: str, ca: Path | None = None) -> dict[str, str]:
    """Configuration of a librdkafka client that signs in with SCRAM-SHA-512.

    Args:
        bootstrap_servers: where the brokers are.
        user: as whom it signs in.
        password: that user's.
        ca: whose signatures on the brokers' certificates it takes, where they speak TLS.
    """
    return {
        **({"ssl.ca.location": str(ca)} if ca else {}),
        "bootstrap.servers": bootstrap_servers,
        "security.protocol": protocol(tls=ca is not None),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
    }


def start(home: Home, tell: Tell, certificates: Path | None = None) -> tuple[Kafka, Child]:
    """Start the node of this data folder, fetching and formatting what the first start needs; with certificates it speaks TLS."""
    jars = kafka_jars(tell)
    node, properties = configured(home, certificates=certificates)
    if not (node.data / "meta.properties").exists():
        tell("formatting Kafka's storage")
        _format(jars, properties, node)
    tell("starting Kafka")
    child = Child(_command(jars, properties, home, _BY_TLS if certificates else QUICK_START))
    return Kafka(child, node.clients.port, Credentials(home.secrets), home.engines_ca if certificates else None), child


def configured(home: Home, bind: str = LOOPBACK, certificates: Path | None = None) -> tuple[Node, Path]:
    """The node of this data folder, and its `server.properties`, written anew.

    Args:
        home: the data folder.
        bind: the address that it listens on for clients.
        certificates: a folder with what it shows and whom it trusts, where it speaks TLS.
    """
    node = _node(home, bind, certificates)
    properties = home.kafka / "server.properties"
    write_private(properties, server_properties(node))
    return node, properties


def _node(home: Home, bind: str, certificates: Path | None) -> Node:
    ports = kept_ports(home.kafka / "ports.json", ("clients", "controller"))
    secrets = Credentials(home.secrets)
    clients, controller = Listener(LOOPBACK, ports["clients"], bind), Listener(LOOPBACK, ports["controller"], LOOPBACK)
    return Node(
        data=home.kafka / "data",
        clients=clients.certified(certificates) if certificates else clients,
        controller=controller.certified(certificates) if certificates else controller,
        admin_password=secrets.of("kafka", "admin"),
        controller_password=secrets.of("kafka", "controller"),
    )


def format_command(properties: Path, node: Node) -> tuple[tuple[str, ...], Path]:
    """The words by which Kafka's storage tool makes the storage and its administrator, and a file to delete afterwards."""
    arguments = properties.with_name("format.arguments")
    # A password on a command line could be read by every user of the machine.
    write_private(arguments, format_arguments(new_cluster(), node))
    return ("format", "-c", str(properties), f"@{arguments}"), arguments


def new_cluster() -> str:
    """An id for a new cluster."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def format_arguments(cluster: str, node: Node) -> str:
    """What Kafka's storage tool reads from a file: the cluster's id and its first user."""
    first_user = f"SCRAM-SHA-512=[name=admin,password={node.admin_password}]"
    # One id in 64 begins with a hyphen, and would stand alone as an option of its own.
    return f"--cluster-id={cluster}\n--add-scram\n{first_user}"


def _format(jars: Path, properties: Path, node: Node) -> None:
    storage, arguments = format_command(properties, node)
    argv = (*_java(jars), "kafka.tools.StorageTool", *storage)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    arguments.unlink()
    if done.returncode != 0:
        message = f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}"
        raise OperatorError(message)


def _command(jars: Path, properties: Path, home: Home, compiled: Sequence[str]) -> Command:
    argv = (*_java(jars, compiled), "kafka.Kafka", str(properties))
    return Command("kafka", argv, home.logs / "kafka.log", grace=_STOP_SECONDS)


def _java(jars: Path, compiled: Sequence[str] = QUICK_START) -> tuple[str, ...]:
    logging = f"-Dlog4j2.configurationFile={LOG4J.as_uri()}"
    return (require("java"), *HEAP, *compiled, logging, "-cp", f"{jars}/*")
