"""The only file that knows the MongoDB driver: Motor by default, PyMongo's own async API behind a setting.

Both drivers raise PyMongo's errors. Two leave this seam: `DuplicateKey` and `Unavailable`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final, Literal, TypeVar

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import DeleteMany, DeleteOne, InsertOne, ReadPreference, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, ExecutionTimeout, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

__all__ = [
    "Collection",
    "DeleteMany",
    "DeleteOne",
    "Document",
    "DuplicateKey",
    "InsertOne",
    "Mongo",
    "ReplaceOne",
    "Tx",
    "Unavailable",
    "UpdateMany",
    "UpdateOne",
    "Write",
]

Document = dict[str, Any]
Filter = Mapping[str, Any]
Write = InsertOne[Document] | UpdateOne | UpdateMany | ReplaceOne[Document] | DeleteOne | DeleteMany
Sort = Sequence[tuple[str, int]]
T = TypeVar("T")

SELECTION_SECONDS: Final = 2.0
"""How long a caller waits for a server; then it is told that the database is away."""
TRANSACTION_SECONDS: Final = 6.0
"""How long a transaction is tried again before it counts as away."""
_MAJORITY: Final = WriteConcern("majority", wtimeout=10_000)
_NAMESPACE_EXISTS: Final = 48
_AWAY_CODES: Final = frozenset({13435, 10107, 11600, 11602, 189, 91, 7, 6, 89, 262, 50})
"""Server codes of a node that cannot serve now: stepping down, shutting down, out of time."""


class Unavailable(Exception):  # noqa: N818 - it is a state of the world, said to a caller as 503
    """MongoDB did not answer in time. Nothing is known to have been written; the same request may be sent again."""


class DuplicateKey(Exception):  # noqa: N818 - as above
    """A document with that key is there already."""


@dataclass(frozen=True)
class Tx:
    """A transaction under way. Whatever is done through it commits or vanishes together."""

    session: Any


class Collection:
    """A collection, with the few operations that the services use; each takes part in `tx` when it is given."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - of one driver or the other
        self._inner = inner

    async def find_one(self, where: Filter, projection: Mapping[str, Any] | None = None, *, tx: Tx | None = None) -> Document | None:
        """The first document that matches, or None."""
        with _errors():
            found: Document | None = await self._inner.find_one(where, projection, session=_session(tx))
            return found

    async def find(  # noqa: PLR0913 - a query has these parts
        self,
        where: Filter,
        *,
        projection: Mapping[str, Any] | None = None,
        sort: Sort | None = None,
        limit: int = 0,
        skip: int = 0,
        hint: str | None = None,
        tx: Tx | None = None,
    ) -> list[Document]:
        """Every document that matches, at most `limit` unless that is 0."""
        with _errors():
            cursor = self._inner.find(where, projection, sort=sort, limit=limit, skip=skip, hint=hint, session=_session(tx))
            found: list[Document] = await cursor.to_list(length=None)
            return found

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], *, tx: Tx | None = None) -> list[Document]:
        """What a pipeline yields."""
        with _errors():
            cursor = self._inner.aggregate(pipeline, session=_session(tx))
            if asyncio.iscoroutine(cursor):
                cursor = await cursor
            found: list[Document] = await cursor.to_list(length=None)
            return found

    async def count(self, where: Filter, *, tx: Tx | None = None) -> int:
        """How many documents match."""
        with _errors():
            return int(await self._inner.count_documents(where, session=_session(tx)))

    async def insert_one(self, document: Document, *, tx: Tx | None = None) -> None:
        """Insert a document; `DuplicateKey` when its key is taken."""
        with _errors():
            await self._inner.insert_one(document, session=_session(tx))

    async def insert_many(self, documents: Sequence[Document], *, tx: Tx | None = None) -> None:
        """Insert several documents."""
        with _errors():
            await self._inner.insert_many(documents, session=_session(tx))

    async def replace_one(self, where: Filter, document: Document, *, upsert: bool = False, tx: Tx | None = None) -> int:
        """Replace a document; how many matched."""
        with _errors():
            return int((await self._inner.replace_one(where, document, upsert=upsert, session=_session(tx))).matched_count)

    async def update_one(self, where: Filter, update: Any, *, upsert: bool = False, tx: Tx | None = None) -> int:  # noqa: ANN401
        """Update a document, by operators or by a pipeline; how many matched."""
        with _errors():
            return int((await self._inner.update_one(where, update, upsert=upsert, session=_session(tx))).matched_count)

    async def update_many(self, where: Filter, update: Any, *, tx: Tx | None = None) -> int:  # noqa: ANN401
        """Update every document that matches; how many changed."""
        with _errors():
            return int((await self._inner.update_many(where, update, session=_session(tx))).modified_count)

    async def delete_one(self, where: Filter, *, tx: Tx | None = None) -> int:
        """Delete a document; how many went."""
        with _errors():
            return int((await self._inner.delete_one(where, session=_session(tx))).deleted_count)

    async def delete_many(self, where: Filter, *, tx: Tx | None = None) -> int:
        """Delete every document that matches; how many went."""
        with _errors():
            return int((await self._inner.delete_many(where, session=_session(tx))).deleted_count)

    async def find_one_and_update(
        self,
        where: Filter,
        update: Any,  # noqa: ANN401
        *,
        sort: Sort | None = None,
        upsert: bool = False,
        tx: Tx | None = None,
    ) -> Document | None:
        """Update one document and return it as it is afterwards; None when none matched."""
        with _errors():
            found: Document | None = await self._inner.find_one_and_update(
                where, update, sort=sort, upsert=upsert, return_document=ReturnDocument.AFTER, session=_session(tx)
            )
            return found

    async def find_one_and_delete(self, where: Filter, *, tx: Tx | None = None) -> Document | None:
        """Delete one document and return it; None when none matched."""
        with _errors():
            found: Document | None = await self._inner.find_one_and_delete(where, session=_session(tx))
            return found

    async def bulk_write(self, writes: Sequence[Write], *, ordered: bool = True, tx: Tx | None = None) -> None:
        """Several writes in one round trip."""
        if writes:
            with _errors():
                await self._inner.bulk_write(writes, ordered=ordered, session=_session(tx))

    async def create_index(self, keys: Sequence[tuple[str, int | str]], **options: Any) -> None:  # noqa: ANN401
        """Make sure that an index is there."""
        with _errors():
            await self._inner.create_index(keys, **options)


class Mongo:
    """A connection to one replica set, through one of the two drivers."""

    def __init__(self, url: str, driver: Literal["motor", "pymongo"] = "motor", prefix: str = "") -> None:
        client: Any = AsyncIOMotorClient if driver == "motor" else pymongo.AsyncMongoClient
        self._client = client(
            url,
            tz_aware=True,
            tzinfo=UTC,
            appname="roundtable",
            serverSelectionTimeoutMS=int(SELECTION_SECONDS * 1000),
            connectTimeoutMS=int(SELECTION_SECONDS * 1000),
            socketTimeoutMS=20_000,
            retryWrites=True,
            w="majority",
            readConcernLevel="majority",
        )
        self._prefix = prefix

    def collection(self, database: str, name: str) -> Collection:
        """A collection of a database; reads and writes are of the majority."""
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        return Collection(self._client[self._prefix + database].get_collection(name, codec_options=options, write_concern=_MAJORITY))

    async def ping(self) -> None:
        """Return when a server that can be written to answers."""
        with _errors():
            await self._client.admin.command("ping", read_preference=ReadPreference.PRIMARY)

    async def ensure_collection(self, database: str, name: str) -> None:
        """Create a collection unless it is there: a transaction had better not be the first to write to it."""
        with _errors():
            try:
                await self._client[self._prefix + database].create_collection(name)
            except OperationFailure as error:
                if error.code != _NAMESPACE_EXISTS:
                    raise

    async def transaction(self, body: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `body` in a transaction, again where MongoDB asks for it; `body` does nothing but MongoDB work.

        Raises:
            Unavailable: no commit within `TRANSACTION_SECONDS`. Whether the last attempt took hold is not known.
        """
        deadline = asyncio.get_running_loop().time() + TRANSACTION_SECONDS
        while True:
            try:
                with _errors():
                    return await self._attempt(body, deadline)
            except _Again:
                await asyncio.sleep(0.002)
                if asyncio.get_running_loop().time() > deadline:
                    message = "the transaction met conflicts until its time was up"
                    raise Unavailable(message) from None

    async def close(self) -> None:
        """Let every connection go."""
        closing = self._client.close()
        if closing is not None:
            await closing

    async def _attempt(self, body: Callable[[Tx], Awaitable[T]], deadline: float) -> T:
        async with self._session() as session:
            starting = session.start_transaction(ReadConcern("snapshot"), _MAJORITY)
            if asyncio.iscoroutine(starting):
                starting = await starting
            async with starting:
                try:
                    result = await body(Tx(session))
                except PyMongoError as error:
                    raise _again(error) from error
                await _commit(session, deadline)
        return result

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Any]:
        starting = self._client.start_session()
        if asyncio.iscoroutine(starting):
            starting = await starting
        async with starting as session:
            yield session


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


@contextmanager
def _errors() -> Any:  # noqa: ANN401 - a context manager of nothing
    """Turn the driver's errors into the two that callers know; what MongoDB asks to repeat goes on as it is."""
    try:
        yield
    except (DuplicateKeyError, BulkWriteError) as error:
        if isinstance(error, BulkWriteError) and error.has_error_label("TransientTransactionError"):
            raise
        raise DuplicateKey(str(error.details)) from error
    except (ConnectionFailure, ExecutionTimeout) as error:
        if error.has_error_label("TransientTransactionError"):
            raise
        raise Unavailable(str(error)) from error
    except OperationFailure as error:
        if error.code in _AWAY_CODES and not error.has_error_label("TransientTransactionError"):
            raise Unavailable(str(error)) from error
        raise


def _session(tx: Tx | None) -> Any:  # noqa: ANN401
    return None if tx is None else tx.session
