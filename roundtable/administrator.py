"""The administrators of Kafka and MongoDB, also where a rotation of their passwords was broken off: what it left is put right."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from roundtable.credentials import Credentials, replace_private
from roundtable.errors import OperatorError
from roundtable.native.kafka.server import client_configuration, why_away
from roundtable.native.mongo.replica_set import Seat
from roundtable.native.mongo.server import connection_string
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import kafka_admin
from roundtable.provisioning.desk import Document

ADMINISTRATOR: Final = "admin"
_AUTHENTICATION_FAILED: Final = 18
_SELECTION_MS: Final = 5_000


def before(file: Path) -> Path:
    """Where the password before stands, until the engine has taken the new one."""
    return file.with_name(f"{file.name}.before")


@contextmanager
def administrator(desk: OperatorDesk, member: str | None = None) -> Iterator[MongoClient[Document]]:
    """A client of MongoDB's administrator: of the whole replica set, or of one member, whatever its state.

    Raises:
        OperatorError: neither the password nor the one before is accepted.
    """
    password = _accepted(desk, "mongo", lambda word: _lets_in(desk, member, word))
    with _client(desk, member, password) as client:
        yield client


def kafka_administrator(desk: OperatorDesk) -> AdminClient:
    """A client of Kafka's administrator; raises OperatorError as above."""
    return _kafka(desk, _accepted(desk, "kafka", lambda word: why_away(_kafka(desk, word)) is None))


def _accepted(desk: OperatorDesk, engine: str, lets_in: Callable[[str], bool]) -> str:
    """The password that an engine accepts; it stands alone in its file afterwards."""
    file = Credentials(desk.home.secrets).file(engine, ADMINISTRATOR)
    for candidate in (each for each in (file, before(file)) if each.exists()):
        password = candidate.read_text(encoding="utf-8").strip()
        if lets_in(password):
            if candidate != file:
                replace_private(file, password)
            before(file).unlink(missing_ok=True)
            return password
    message = f"{engine} does not accept the password of its administrator: {file}"
    raise OperatorError(message)


def _kafka(desk: OperatorDesk, password: str) -> AdminClient:
    return kafka_admin(client_configuration(desk.addresses.bootstrap_servers, ADMINISTRATOR, password, desk.addresses.engines_ca))


def _client(desk: OperatorDesk, member: str | None, password: str) -> MongoClient[Document]:
    at = desk.addresses
    if member:
        return Seat(member, password, at.engines_ca).client()
    return MongoClient(connection_string(at.mongo, ADMINISTRATOR, password, at.engines_ca), serverSelectionTimeoutMS=_SELECTION_MS)


def _lets_in(desk: OperatorDesk, member: str | None, password: str) -> bool:
    with _client(desk, member, password) as client:
        try:
            client.admin.command("ping")
        except OperationFailure as refusal:
            if refusal.code == _AUTHENTICATION_FAILED:
                return False
            raise
    return True
