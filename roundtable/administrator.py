"""MongoDB's administrator, also where a rotation of its password was broken off."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from roundtable.credentials import Credentials
from roundtable.errors import OperatorError
from roundtable.native.mongo.replica_set import Seat
from roundtable.native.mongo.server import connection_string
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning.desk import Document

ADMINISTRATOR: Final = "admin"
_AUTHENTICATION_FAILED: Final = 18
_SELECTION_MS: Final = 5_000


def before(file: Path) -> Path:
    """Where the password before stands, until the engine has taken the new one."""
    return file.with_name(f"{file.name}.before")


@contextmanager
def administrator(desk: OperatorDesk, member: str | None = None) -> Iterator[MongoClient[Document]]:
    """A client of the administrator: of the whole replica set, or of one member, whatever its state.

    Raises:
        OperatorError: neither the password nor the one before is accepted.
    """
    file = Credentials(desk.home.secrets).file("mongo", ADMINISTRATOR)
    for candidate in (file, before(file)):
        if candidate.exists():
            with _client(desk, member, candidate.read_text(encoding="utf-8").strip()) as client:
                if _is_let_in(client):
                    yield client
                    return
    message = f"MongoDB does not accept the password of its administrator: {file}"
    raise OperatorError(message)


def _client(desk: OperatorDesk, member: str | None, password: str) -> MongoClient[Document]:
    at = desk.addresses
    if member:
        return Seat(member, password, at.engines_ca).client()
    return MongoClient(connection_string(at.mongo, ADMINISTRATOR, password, at.engines_ca), serverSelectionTimeoutMS=_SELECTION_MS)


def _is_let_in(client: MongoClient[Document]) -> bool:
    try:
        client.admin.command("ping")
    except OperationFailure as refusal:
        if refusal.code == _AUTHENTICATION_FAILED:
            return False
        raise
    return True
