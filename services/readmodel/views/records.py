"""Lists, and single records: now, or as soon as a version has arrived."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from chassis.mongo import Document
from chassis.problems import Refusal, not_found
from chassis.recording import stored_id
from contracts.state import State
from readmodel.access import Reader
from readmodel.arrivals import Arrivals, wait
from readmodel.filters import Filters
from readmodel.listing import listed
from readmodel.opening import Record, opened
from readmodel.store import Store

LOOK_AGAIN_SECONDS: Final = 0.1
"""How often to look for what another process commits."""


class Listed(NamedTuple):
    """One page of a list, and the cursor of the next one."""

    items: list[Record]
    next: str | None


async def page(store: Store, reader: Reader, filters: Filters, now: datetime | None = None) -> Listed:
    """Records that match, newest first, undated ones last.

    Raises:
        Refusal: 403 when a force that is asked for is not granted, 422 for a cursor that is none.
    """
    documents, following = await listed(store, reader.scope(filters.force), filters, now or datetime.now(UTC))
    return Listed(await opened(store.keys, reader, [(filters.model, document) for document in documents]), following)


async def one(store: Store, reader: Reader, model: type[State], subject: str) -> Record | None:
    """One record; None when it is absent or not granted."""
    document = await find(store, reader, model, subject)
    return None if document is None else (await opened(store.keys, reader, [(model, document)]))[0]


async def several(store: Store, reader: Reader, model: type[State], force: str, subjects: Iterable[str]) -> dict[str, Record]:
    """Records of one force by id; those that are absent or not granted are left out."""
    documents = await store.by_ids(model, force, set(subjects)) if force in reader.roles else []
    shown = await opened(store.keys, reader, [(model, document) for document in documents])
    return {record["id"]: record for record in shown}


async def find(store: Store, reader: Reader, model: type[State], subject: str) -> Document | None:
    """A stored record in one of the reader's forces. What is absent and what is not granted take the same query."""
    return next(iter(await store.of(model).find({"_id": {"$in": _keys(reader, subject)}}, limit=1)), None)


class Wish(NamedTuple):
    """A record that is waited for: at no less than a version, for so many seconds."""

    model: type[State]
    subject: str
    least: int
    seconds: float


async def arrived(live: Callable[[], Store], arrivals: Arrivals, reader: Callable[[], Reader], wish: Wish) -> Record:
    """A record as soon as it is there.

    Args:
        live: the model that is live at the moment of asking: another may take its place while one waits, and nothing more comes here.
        arrivals: the news of this process.
        reader: who looks, and what is granted at the moment of asking: a grant may end while one waits.
        wish: what is waited for.

    Raises:
        Refusal: 504 when the record stayed at an older version; 404 when it is absent or not granted, after the same time.
    """
    clock = asyncio.get_running_loop()
    end = clock.time() + wish.seconds
    while True:
        now = reader()
        with arrivals.expecting(_keys(now, wish.subject)) as arrival:
            store = live()
            document = await find(store, now, wish.model, wish.subject)
            if document is not None and document["version"] >= wish.least:
                return (await opened(store.keys, now, [(wish.model, document)]))[0]
            if clock.time() >= end:
                raise _late(document) if document is not None else not_found(wish.model.collection)
            await wait(arrival, min(LOOK_AGAIN_SECONDS, end - clock.time()))


def _keys(reader: Reader, subject: str) -> list[str]:
    return [stored_id(force, subject) for force in reader.forces]


def _late(document: Document) -> Refusal:
    detail = f"The record is still at version {document['version']}: ask again, or wait longer"
    return Refusal(504, "not-there-yet", detail, headers={"Retry-After": "1"})
