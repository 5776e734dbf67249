"""A connection to a replica set, through one of the two drivers, and its transactions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReadPreference
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from chassis.mongo.collection import Collection, Document, Tx
from chassis.mongo.door import Door, Proof
from chassis.mongo.errors import Unavailable

T = TypeVar("T")
SELECTION_SECONDS: Final = 2.0
"""How long a caller waits for a server; then it is told that the database is away."""
TRANSACTION_SECONDS: Final = 6.0
"""How long a transaction is tried again before it counts as away."""
_MAJORITY: Final = WriteConcern("majority", wtimeout=10_000)
_READ_AS: Final[CodecOptions[Document]] = CodecOptions(tz_aware=True, tzinfo=UTC)
_NAMESPACE_EXISTS: Final = 48


def is_address(url: str) -> bool:
    """Whether a text is a connection string; of one that stands in the DNS (`mongodb+srv://`), only its beginning is looked at."""
    if url.startswith("mongodb+srv://"):
        return True
    try:
        parse_uri(url)
    except (ValueError, PyMongoError):
        return False
    return True


def lacks_password(url: str) -> bool:
    """Whether a connection string names a user and no password."""
    if url.startswith("mongodb+srv://"):
        return False
    try:
        read = parse_uri(url)
    except (ValueError, PyMongoError):
        return False
    return bool(read["username"]) and not read["password"]


def speaks_tls(url: str) -> bool:
    """Whether a connection string asks for TLS; one that stands in the DNS does unless it says otherwise."""
    if url.startswith("mongodb+srv://"):
        return "tls=false" not in url
    return bool(parse_uri(url)["options"].get("tls"))


def _changed_at(file: Path | None) -> int:
    try:
        return file.stat().st_mtime_ns if file else 0
    except OSError:
        return 0


class Mongo:
    """A connection to one replica set, through one of the two drivers.

    Args:
        url: its connection string.
        driver: which of the two.
        prefix: stands before the name of every database.
        password: the one that counts now, where the connection string holds none.
        ca: whose signatures on the servers' certificates are taken, where it asks for TLS; those of the system without.
    """

    def __init__(
        self,
        url: str,
        driver: Literal["motor", "pymongo"] = "motor",
        prefix: str = "",
        password: Callable[[], str] = str,
        ca: Path | None = None,
    ) -> None:
        client: Any = AsyncIOMotorClient if driver == "motor" else pymongo.AsyncMongoClient
        trusted = {"tlsCAFile": str(ca)} if ca and speaks_tls(url) else {}
        make = partial(
            client,
            url,
            **trusted,
            tz_aware=True,
            tzinfo=UTC,
            appname="roundtable",
            serverSelectionTimeoutMS=int(SELECTION_SECONDS * 1000),
            connectTimeoutMS=int(SELECTION_SECONDS * 1000),
            socketTimeoutMS=20_000,
            # For a connection of the pool, when every one is in use.
            waitQueueTimeoutMS=10_000,
            retryWrites=True,
            w="majority",
            readConcernLevel="majority",
        )
        self._door = Door(lambda shown: make(**({"password": shown} if shown else {})), lambda: Proof(password(), _changed_at(ca)))
        self._prefix = prefix
        self._collections: dict[tuple[str, str], Collection] = {}

    def collection(self, database: str, name: str) -> Collection:
        """A collection of a database; reads and writes are of the majority."""
        if (database, name) not in self._collections:
            self._collections[database, name] = Collection(self._door, lambda client: self._of(client, database, name))
        return self._collections[database, name]

    def _of(self, client: Any, database: str, name: str) -> Any:  # noqa: ANN401 - of one driver or the other
        return client[self._prefix + database].get_collection(name, codec_options=_READ_AS, write_concern=_MAJORITY)

    async def ping(self) -> None:
        """Return when a server that can be written to answers."""
        with self._door.passed():
            await self._door.client.admin.command("ping", read_preference=ReadPreference.PRIMARY)

    async def ensure_collection(self, database: str, name: str) -> None:
        """Create a collection unless it is there: a transaction had better not be the first to write to it."""
        with self._door.passed():
            try:
                await self._door.client[self._prefix + database].command("create", name)
            except OperationFailure as error:
                if error.code != _NAMESPACE_EXISTS:
                    raise

    async def names(self, database: str) -> list[str]:
        """The collections that a database has."""
        with self._door.passed():
            found: list[str] = await self._door.client[self._prefix + database].list_collection_names()
            return found

    async def drop(self, database: str, name: str) -> None:
        """Drop a collection, its indexes with it; one that is not there stays so."""
        with self._door.passed():
            await self._door.client[self._prefix + database].drop_collection(name)

    async def transaction(self, body: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `body` in a transaction, again where MongoDB asks for it; `body` does nothing but MongoDB work.

        Raises:
            Unavailable: no commit within `TRANSACTION_SECONDS`. Whether the last attempt took hold is not known.
        """
        deadline = asyncio.get_running_loop().time() + TRANSACTION_SECONDS
        while True:
            try:
                with self._door.passed():
                    return await self._attempt(body, deadline)
            except _Again:
                await asyncio.sleep(0.002)
                if asyncio.get_running_loop().time() > deadline:
                    message = "the transaction met conflicts until its time was up"
                    raise Unavailable(message) from None

    async def snapshot(self, body: Callable[[Tx], Awaitable[T]]) -> T:
        """What `body` reads, all of it of one instant; it writes nothing, and may take longer than a transaction lives."""
        with self._door.passed():
            async with self._session(snapshot=True) as tx:
                return await body(tx)

    async def close(self) -> None:
        """Let every connection go."""
        await self._door.close()

    async def _attempt(self, body: Callable[[Tx], Awaitable[T]], deadline: float) -> T:
        async with self._session() as tx:
            starting = tx.session.start_transaction(ReadConcern("snapshot"), _MAJORITY)
            if asyncio.iscoroutine(starting):
                starting = await starting
            async with starting:
                try:
                    result = await body(tx)
                except PyMongoError as error:
                    raise _again(error) from error
                await _commit(tx.session, deadline)
        return result

    @asynccontextmanager
    async def _session(self, *, snapshot: bool = False) -> AsyncIterator[Tx]:
        client = self._door.client
        starting = client.start_session(snapshot=snapshot)
        if asyncio.iscoroutine(starting):
            starting = await starting
        async with starting as session:
            yield Tx(session, client)


class _Again(Exception):  # noqa: N818 - a signal, not an error
    """MongoDB asks for the whole transaction to be run again."""


def _again(error: PyMongoError) -> Exception:
    return _Again() if error.has_error_label("TransientTransactionError") else error


async def _commit(session: Any, deadline: float) -> None:  # noqa: ANN401 - of one driver or the other
    while True:
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            if error.has_error_label("UnknownTransactionCommitResult") and asyncio.get_running_loop().time() < deadline:
                continue
            raise _again(error) from error
        return
