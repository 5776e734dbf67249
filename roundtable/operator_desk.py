"""What a command works with: the running stack's addresses and clients with the command line's own identities."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pymongo import MongoClient

from roundtable.addresses import Addresses, require_running
from roundtable.credentials import Credentials
from roundtable.home import Home
from roundtable.native.kafka.server import client_configuration
from roundtable.native.lock import alone
from roundtable.native.mongo.server import connection_string
from roundtable.provisioning import Provisioning, kafka_admin
from roundtable.provisioning.consumers import client_properties
from roundtable.provisioning.desk import Document
from roundtable.provisioning.services import COMMAND_LINE

_SELECTION_MS = 3_000


@dataclass(frozen=True)
class OperatorDesk:
    """A running stack, as its operator sees it."""

    home: Home
    addresses: Addresses
    provisioning: Provisioning

    def kafka_client(self) -> dict[str, str]:
        """Configuration of a Kafka client with the command line's own identity."""
        return _administrator(self.home, self.addresses)

    def client_properties(self, name: str, password: str) -> str:
        """The `client.properties` by which a consumer reaches Kafka from where it runs."""
        at = self.addresses.for_clients
        return client_properties(at.bootstrap_servers, name, password, at.security_protocol, Path(at.ca) if at.ca else None)


@contextmanager
def operator_desk(root: Path | None) -> Iterator[OperatorDesk]:
    """The desk of the stack that runs on this data folder; raises OperatorError when none does."""
    home = Home.chosen(root)
    addresses = Addresses.of(home)
    secrets = Credentials(home.secrets)
    admin = _administrator(home, addresses)
    url = connection_string(addresses.mongo, COMMAND_LINE, secrets.kept("mongo", COMMAND_LINE), addresses.engines_ca)
    with MongoClient[Document](url, serverSelectionTimeoutMS=_SELECTION_MS) as mongo:
        brokers = len(addresses.bootstrap_servers.split(","))
        yield OperatorDesk(home, addresses, Provisioning(kafka_admin(admin), mongo, home.keys, brokers=brokers))


@contextmanager
def operator_alone(root: Path | None) -> Iterator[OperatorDesk]:
    """The same desk, for one at a time: nobody else exchanges secrets meanwhile, and those of now are what is signed in by."""
    home = Home.chosen(root)
    require_running(home)
    with alone(home), operator_desk(root) as desk:
        yield desk


def _administrator(home: Home, addresses: Addresses) -> dict[str, str]:
    password = Credentials(home.secrets).kept("kafka", "admin")
    return client_configuration(addresses.bootstrap_servers, "admin", password, addresses.engines_ca)
