"""Entries: all that one request commits, and how those of several requests are written in one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from chassis.fences import COLLECTION as FENCES
from chassis.fences import Fence
from chassis.keys import KeyStore, NewKey
from chassis.mongo import Document, DuplicateKey, InsertOne, Mongo, ReplaceOne, Tx, Write
from chassis.outbox import COLLECTION as OUTBOX

IDEMPOTENCY: Final = "idempotency"


class Stale(Exception):  # noqa: N818 - a signal: read again and decide again
    """Something that the decision rests on has changed since it was read."""


@dataclass(frozen=True)
class Entry:
    """All that one request commits.

    Attributes:
        aggregates: documents of different aggregates with their collections, each one version after what is stored.
        records: their outbox records.
        new_keys: data keys that the key store must hold before the documents that they seal are committed.
    """

    aggregates: Sequence[tuple[str, Document]]
    records: Sequence[Document]
    fences: Sequence[Fence] = ()
    receipt: Document | None = None
    new_keys: Sequence[NewKey] = ()

    @cached_property
    def touches(self) -> frozenset[str]:
        """Names of its aggregates, its fences and its receipt."""
        receipts = [] if self.receipt is None else [(IDEMPOTENCY, self.receipt)]
        documents = {f"{collection}/{document['_id']}" for collection, document in (*self.aggregates, *receipts)}
        return frozenset(documents | {f"{FENCES}/{fence.key}" for fence in self.fences})

    def writes(self) -> list[tuple[str, Write]]:
        """What it writes, with the collections; each takes hold of exactly one document, or the entry is stale."""
        receipts = [] if self.receipt is None else [self.receipt]
        return [
            *((FENCES, fence.passing()) for fence in self.fences),
            *((IDEMPOTENCY, InsertOne(receipt)) for receipt in receipts),
            *((collection, _following(document)) for collection, document in self.aggregates),
            *((OUTBOX, InsertOne(record)) for record in self.records),
        ]


class Ledger:
    """Writes entries into one service's database."""

    def __init__(self, mongo: Mongo, keys: KeyStore, database: str) -> None:
        self._mongo = mongo
        self._keys = keys
        self._database = database

    async def commit(self, entries: Sequence[Entry]) -> None:
        """Commit entries that touch nothing in common, all of them or none.

        New keys are stored with majority beside the writes, and before the commit: no record is there without its key.

        Raises:
            Stale: one of them is, and nobody knows which.
            Unavailable: whether they took hold is not known.
        """
        writes, new_keys = _by_collection(entries), [key for entry in entries for key in entry.new_keys]

        async def body(tx: Tx) -> None:
            # Each is waited for to its end: a transaction does not end while something of it is under way.
            kept_and_written = await asyncio.gather(self._keys.keep(new_keys), self._write(writes, tx), return_exceptions=True)
            for error in kept_and_written:
                if error is not None:
                    raise error

        try:
            await self._mongo.transaction(body)
        except (DuplicateKey, Stale) as error:
            if not await self._holds(entries[0]):
                raise Stale from error

    async def _write(self, writes: Mapping[str, Sequence[Write]], tx: Tx) -> None:
        for collection, own in writes.items():
            if await self._mongo.collection(self._database, collection).bulk_write(own, tx=tx) != len(own):
                raise Stale

    async def _holds(self, entry: Entry) -> bool:
        """Whether an entry is there already: what ran again after a commit of unknown outcome stands in its own way.

        The ids of its events are its own, and whatever was committed with them is there too.
        """
        outbox = self._mongo.collection(self._database, OUTBOX)
        return await outbox.find_one({"_id": entry.records[0]["_id"]}, {"_id": 1}) is not None


def _following(document: Document) -> Write:
    """Insert version 1; replace the version before where it is any other."""
    before = document["version"] - 1
    return ReplaceOne({"_id": document["_id"], "version": before}, document) if before else InsertOne(document)


def _by_collection(entries: Sequence[Entry]) -> dict[str, list[Write]]:
    """The writes for each collection, what is inserted before what is changed: writes of one kind share a round trip."""
    gathered: dict[str, list[Write]] = defaultdict(list)
    for collection, write in sorted((each for entry in entries for each in entry.writes()), key=lambda each: _is_change(each[1])):
        gathered[collection].append(write)
    return gathered


def _is_change(write: Write) -> bool:
    return not isinstance(write, InsertOne)
