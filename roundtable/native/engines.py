"""Kafka and MongoDB together: what the services stand on, and all that tests need."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roundtable.certificates import Authority
from roundtable.credentials import Credentials
from roundtable.home import Home
from roundtable.native import kafka, mongo
from roundtable.native.kafka import Kafka
from roundtable.native.kafka.jars import Tell
from roundtable.native.lock import alone, locked
from roundtable.native.mongo import Mongo
from roundtable.native.mongo.server import connection_string
from roundtable.native.ports import LOOPBACK
from roundtable.native.processes import Child, stop_all
from roundtable.provisioning import Provisioning, finish_exchanges, provision_services


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Engines:
    """The running engines of one data folder, their users provisioned."""

    home: Home
    kafka: Kafka
    mongo: Mongo
    provisioning: Provisioning
    """The administrators' clients, for `add_force` and its like."""
    children: list[Child]
    """The engines' processes, as far as they are ours to watch."""

    @property
    def bootstrap_servers(self) -> str:
        """Kafka's address."""
        return self.kafka.bootstrap_servers

    def mongo_url(self, user: str) -> str:
        """MongoDB's connection string for `meetings`, `concerns`, `notifications`, `readmodel`, `cli` or `admin`."""
        return self.mongo.url(user, self._password("mongo", user))

    def mongo_address_of(self, user: str) -> str:
        """The same without the password, for whoever is told it apart."""
        return connection_string(self.mongo.address, user, ca=self.ca)

    def kafka_password(self, user: str) -> str:
        """Kafka's SCRAM password of `meetings`, `concerns`, `notifications`, `readmodel` or `admin`."""
        return self._password("kafka", user)

    @property
    def ca(self) -> Path | None:
        """Whose signatures the engines' certificates bear, where they speak TLS."""
        return self.kafka.ca

    def kafka_client(self, user: str) -> dict[str, str]:
        """Configuration of a librdkafka client with this identity."""
        return self.kafka.client(user, self.kafka_password(user))

    def _password(self, engine: str, user: str) -> str:
        return Credentials(self.home.secrets).of(engine, user)


@contextmanager
def start_engines(root: Path, tell: Tell = silent, *, tls: bool = False) -> Iterator[Engines]:
    """Start both engines on a data folder, new or used, and stop them at the end; with `tls` they speak by nothing else.

    Raises OperatorError when Java, Maven or mongod is missing, when something already runs on the folder, or an
    engine does not answer within a minute.
    """
    home = Home.chosen(root).prepare()
    children: list[Child] = []
    with locked(home):
        try:
            running = _started(home, tell, children, tls=tls)
            yield running
            running.provisioning.mongo.close()
        finally:
            tell("stopping Kafka and MongoDB")
            for child in children:
                stop_all([child])


def _started(home: Home, tell: Tell, children: list[Child], *, tls: bool) -> Engines:
    """MongoDB sets up while Kafka's much slower virtual machine comes up."""
    database, mongod = mongo.start(home, _certified(home, "mongo") if tls else None)
    children.append(mongod)
    log, node = kafka.start(home, tell, _certified(home, "kafka") if tls else None)
    children.insert(0, node)
    tell("starting MongoDB")
    # Whoever still exchanges secrets does so on these engines, and is waited for.
    with alone(home):
        database.await_ready()
        log.await_ready()
        tell("provisioning identities")
        return provisioned(home, log, database, children)


def _certified(home: Home, node: str) -> Path:
    return Authority(home).hold(node, [LOOPBACK, "localhost"])


def provisioned(home: Home, log: Kafka, database: Mongo, children: list[Child]) -> Engines:
    """The engines that answer, once the services' identities are made; the caller closes `provisioning.mongo`."""
    secrets = Credentials(home.secrets)
    administrator, client = log.administrator(), database.client()
    provision_services(administrator, client, secrets)
    finish_exchanges(administrator, client, secrets)
    desk = Provisioning(administrator, client, home.keys)
    return Engines(home, log, database, desk, list(children))
