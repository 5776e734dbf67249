"""The administrators of Kafka and MongoDB, also where a rotation of their passwords was broken off."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from roundtable.credentials import Credentials
from roundtable.errors import OperatorError
from roundtable.native.kafka.server import client_configuration, why_away
from roundtable.native.mongo.replica_set import Seat, is_let_in
from roundtable.native.mongo.server import connection_string
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import kafka_admin
from roundtable.provisioning.desk import Document

ADMINISTRATOR: Final = "admin"
_SELECTION_MS: Final = 5_000


@contextmanager
def administrator(desk: OperatorDesk, member: str | None = None) -> Iterator[MongoClient[Document]]:
    """A client of MongoDB's administrator: of the whole replica set, or of one member, whatever its state.

    Raises:
        OperatorError: neither the password nor the one before is accepted.
    """
    with _client(desk, member, _of_mongo(desk, member)) as client:
        yield client


def kafka_administrator(desk: OperatorDesk) -> AdminClient:
    """A client of Kafka's administrator; raises OperatorError as above."""
    return _kafka(desk, _of_kafka(desk))


def put_right(desk: OperatorDesk) -> None:
    """Let the passwords that are accepted stand alone in their files; for whoever is alone in the data folder."""
    secrets = Credentials(desk.home.secrets)
    secrets.put_right("mongo", ADMINISTRATOR, lambda password: _lets_in(desk, None, password))
    secrets.put_right("kafka", ADMINISTRATOR, lambda password: why_away(_kafka(desk, password)) is None)


def _of_mongo(desk: OperatorDesk, member: str | None) -> str:
    return _accepted(desk, "mongo", lambda password: _lets_in(desk, member, password))


def _of_kafka(desk: OperatorDesk) -> str:
    answers: list[str] = []

    def lets_in(password: str) -> bool:
        why = why_away(_kafka(desk, password))
        answers.append(why or "")
        return why is None

    try:
        return _accepted(desk, "kafka", lets_in)
    except OperatorError as refusal:
        # A client does not tell a broker that is away from one that does not let it in.
        message = f"{refusal}, or does not answer: {answers[0] if answers else 'its file is missing'}"
        raise OperatorError(message) from refusal


def _accepted(desk: OperatorDesk, engine: str, lets_in: Callable[[str], bool]) -> str:
    secrets = Credentials(desk.home.secrets)
    if password := secrets.accepted(engine, ADMINISTRATOR, lets_in):
        return password
    message = f"{engine} does not accept the password of its administrator: {secrets.file(engine, ADMINISTRATOR)}"
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
        return is_let_in(client)
