"""A replica set, of one node or several, and its administrator.

Both are made through MongoDB's localhost exception: until a first user exists, a client on this machine may
initiate the set and create that user, and nothing else.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from roundtable.errors import OperatorError

NAME = "rs0"
_AUTHENTICATION_FAILED = 18
_ALREADY_INITIALIZED = 23
_NOT_YET_INITIALIZED = 94
_ELECTION_SECONDS = 30.0
_LOADING_SECONDS = 60.0
_TICK = 0.05

Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class Seat:
    """Where the administrator of a member sits."""

    address: str
    """Where the member answers on this machine."""
    password: str
    ca: Path | None = None
    """Whose signature the member's certificate bears, where it speaks TLS."""

    def client(self) -> Client:
        """A client of the administrator that talks to this node, whatever its state; the caller closes it."""
        return self._direct(f"admin:{self.password}@{self.address}")

    def stranger(self) -> Client:
        """A client that has not signed in."""
        return self._direct(self.address)

    def lets_in(self) -> bool:
        """Whether the password is accepted there; before a first user exists, none is."""
        with self.client() as client:
            return is_let_in(client)

    def _direct(self, authority: str) -> Client:
        # A client that names the set would wait for a primary, which does not exist before the set is initiated. What it reads is of
        # the majority, as in the services: a commit that one record shows already must show in every other.
        url = f"mongodb://{authority}/?directConnection=true&serverSelectionTimeoutMS=5000&readConcernLevel=majority"
        return MongoClient(url + tls_options(self.ca))


def tls_options(ca: Path | None) -> str:
    """What a connection string says of TLS."""
    return f"&tls=true&tlsCAFile={quote_plus(str(ca))}" if ca else ""


def ensure(seat: Seat, members: Sequence[str] = ()) -> None:
    """Initiate the set and its administrator, or hold the set to the addresses that it has now.

    Args:
        seat: of the first member's administrator.
        members: under which addresses all members know each other; the one of the seat when there are none.
    """
    if seat.lets_in():
        _keep_addresses(seat, members or [seat.address])
    else:
        _initiate(seat, members or [seat.address])


def is_let_in(client: Client) -> bool:
    """Whether the user and password of a client are accepted; a server that is away raises what the driver does."""
    try:
        client.admin.command("connectionStatus")
    except OperationFailure as refusal:
        if refusal.code == _AUTHENTICATION_FAILED:
            return False
        raise
    return True


def _initiate(seat: Seat, hosts: Sequence[str]) -> None:
    # The first user can be made on the primary alone, and only from its own machine: the first member, where we are, has to be it.
    members = [{"_id": number, "host": host, "priority": 1 if number else 2} for number, host in enumerate(hosts)]
    with seat.stranger() as client:
        try:
            client.admin.command("replSetInitiate", {"_id": NAME, "members": members})
        except OperationFailure as refusal:
            if refusal.code != _ALREADY_INITIALIZED:
                raise
        _await_election(client)
        client.admin.command("createUser", "admin", pwd=seat.password, roles=["root"])


def _await_election(client: Client) -> None:
    deadline = time.monotonic() + _ELECTION_SECONDS
    while not client.admin.command("hello")["isWritablePrimary"] and time.monotonic() < deadline:
        time.sleep(_TICK)


def _keep_addresses(seat: Seat, hosts: Sequence[str]) -> None:
    """A port that someone else took since the last start was chosen anew: the set must learn of it."""
    with seat.client() as client:
        config = _configuration(client)
        known = [member["host"] for member in config["members"]]
        if len(known) != len(hosts):
            message = f"the replica set has the members {', '.join(known)}, and not {', '.join(hosts)}: their number cannot be changed so"
            raise OperatorError(message)
        if known != list(hosts):
            config["members"] = [member | {"host": host} for member, host in zip(config["members"], hosts, strict=True)]
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)


def _configuration(client: Client) -> dict[str, Any]:
    """A node that starts first looks for itself at its old address, where a stranger may be slow to answer."""
    deadline = time.monotonic() + _LOADING_SECONDS
    while True:
        try:
            config: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as refusal:
            if refusal.code != _NOT_YET_INITIALIZED or time.monotonic() > deadline:
                raise
            time.sleep(_TICK)
        else:
            return config
