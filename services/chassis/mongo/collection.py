"""A collection: the few operations that the services use, the same through either driver."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne

from chassis.mongo.door import Door

Document = dict[str, Any]
Filter = Mapping[str, Any]
Write = InsertOne[Document] | UpdateOne | UpdateMany | ReplaceOne[Document] | DeleteOne | DeleteMany
Sort = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Tx:
    """A transaction under way. Whatever is done through it commits or vanishes together."""

    session: Any
    client: Any
    """Whose session it is: the collections of no other client take part in it."""


class Collection:
    """A collection, with the few operations that the services use; each takes part in `tx` when it is given."""

    def __init__(self, door: Door, of: Callable[[Any], Any]) -> None:
        self._door = door
        self._of = of
        self._client: Any = None
        self._inner: Any = None

    def _at(self, tx: Tx | None = None) -> Any:  # noqa: ANN401 - of one driver or the other
        """The driver's collection, of the client of a transaction or of the one that counts now."""
        client = self._door.client if tx is None else tx.client
        if client is not self._client:
            self._client, self._inner = client, self._of(client)
        return self._inner

    async def find_one(self, where: Filter, projection: Mapping[str, Any] | None = None, *, tx: Tx | None = None) -> Document | None:
        """The first document that matches, or None."""
        with self._door.passed():
            found: Document | None = await self._at(tx).find_one(where, projection, session=_session(tx))
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
        with self._door.passed():
            cursor = self._at(tx).find(where, projection, sort=sort, limit=limit, skip=skip, hint=hint, session=_session(tx))
            found: list[Document] = await cursor.to_list(length=None)
            return found

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], *, tx: Tx | None = None) -> list[Document]:
        """What a pipeline yields."""
        with self._door.passed():
            cursor = self._at(tx).aggregate(pipeline, session=_session(tx))
            if asyncio.iscoroutine(cursor):
                cursor = await cursor
            found: list[Document] = await cursor.to_list(length=None)
            return found

    async def count(self, where: Filter, *, tx: Tx | None = None) -> int:
        """How many documents match."""
        with self._door.passed():
            return int(await self._at(tx).count_documents(where, session=_session(tx)))

    async def insert_one(self, document: Document, *, tx: Tx | None = None) -> None:
        """Insert a document; `DuplicateKey` when its key is taken."""
        with self._door.passed():
            await self._at(tx).insert_one(document, session=_session(tx))

    async def insert_many(self, documents: Sequence[Document], *, tx: Tx | None = None) -> None:
        """Insert several documents."""
        with self._door.passed():
            await self._at(tx).insert_many(documents, session=_session(tx))

    async def replace_one(self, where: Filter, document: Document, *, upsert: bool = False, tx: Tx | None = None) -> int:
        """Replace a document; how many matched."""
        with self._door.passed():
            return int((await self._at(tx).replace_one(where, document, upsert=upsert, session=_session(tx))).matched_count)

    async def update_one(self, where: Filter, update: Any, *, upsert: bool = False, tx: Tx | None = None) -> int:  # noqa: ANN401 - a value of any type
        """Update a document, by operators or by a pipeline; how many matched."""
        with self._door.passed():
            return int((await self._at(tx).update_one(where, update, upsert=upsert, session=_session(tx))).matched_count)

    async def update_many(self, where: Filter, update: Any, *, tx: Tx | None = None) -> int:  # noqa: ANN401 - a value of any type
        """Update every document that matches; how many changed."""
        with self._door.passed():
            return int((await self._at(tx).update_many(where, update, session=_session(tx))).modified_count)

    async def delete_one(self, where: Filter, *, tx: Tx | None = None) -> int:
        """Delete a document; how many went."""
        with self._door.passed():
            return int((await self._at(tx).delete_one(where, session=_session(tx))).deleted_count)

    async def delete_many(self, where: Filter, *, tx: Tx | None = None) -> int:
        """Delete every document that matches; how many went."""
        with self._door.passed():
            return int((await self._at(tx).delete_many(where, session=_session(tx))).deleted_count)

    async def find_one_and_update(
        self,
        where: Filter,
        update: Any,  # noqa: ANN401 - a value of any type
        *,
        sort: Sort | None = None,
        upsert: bool = False,
        tx: Tx | None = None,
    ) -> Document | None:
        """Update one document and return it as it is afterwards; None when none matched."""
        with self._door.passed():
            found: Document | None = await self._at(tx).find_one_and_update(
                where, update, sort=sort, upsert=upsert, return_document=ReturnDocument.AFTER, session=_session(tx)
            )
            return found

    async def find_one_and_delete(self, where: Filter, *, tx: Tx | None = None) -> Document | None:
        """Delete one document and return it; None when none matched."""
        with self._door.passed():
            found: Document | None = await self._at(tx).find_one_and_delete(where, session=_session(tx))
            return found

    async def bulk_write(self, writes: Sequence[Write], *, ordered: bool = True, tx: Tx | None = None) -> int:
        """Several writes, in as few round trips as they allow; how many documents they inserted, matched or deleted."""
        if not writes:
            return 0
        # The first write that fails ends a transaction. Whatever an unordered bulk sent after it would be answered as if all of it
        # had to be run again, and the failure would be forgotten.
        ordered = ordered or tx is not None
        with self._door.passed():
            done = await self._at(tx).bulk_write(writes, ordered=ordered, session=_session(tx))
            return int(done.inserted_count + done.upserted_count + done.matched_count + done.deleted_count)

    async def indexes(self) -> frozenset[str]:
        """The names of its indexes; none of a collection that is not there."""
        with self._door.passed():
            return frozenset(await self._at().index_information())

    async def create_index(self, keys: Sequence[tuple[str, int | str]], **options: Any) -> None:  # noqa: ANN401 - a value of any type
        """Make sure that an index is there."""
        with self._door.passed():
            await self._at().create_index(keys, **options)


def _session(tx: Tx | None) -> Any:  # noqa: ANN401 - a value of any type
    return None if tx is None else tx.session
