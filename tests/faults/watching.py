"""Watches documents of MongoDB as they change, so that what happened during a fault can be judged and not only what is left of it."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.errors import PyMongoError

from roundtable.native import Engines
from tests.faults.evidence import Document

_MAX_AWAIT_MILLISECONDS = 100


@contextmanager
def watched(engines: Engines, database: str, collection: str) -> Iterator[list[Document]]:
    """The states of a collection's documents now, and every one that they take from now on, in order; the list grows."""
    seen: list[Document] = []
    done = threading.Event()
    with engines.mongo.client() as client:
        stream = client[database][collection].watch(full_document="whenAvailable", max_await_time_ms=_MAX_AWAIT_MILLISECONDS)
        seen.extend(client[database][collection].find())
        thread = threading.Thread(target=_follow, args=(stream, seen, done))
        thread.start()
        try:
            yield seen
        finally:
            done.set()
            thread.join()
            stream.close()


def _follow(stream: Any, seen: list[Document], done: threading.Event) -> None:
    try:
        while not done.is_set():
            change = stream.try_next()
            if change is not None:
                seen.append({"_id": change["documentKey"]["_id"], **_changed(change)})
    except PyMongoError:
        # The database is what is being hurt: what was seen until then counts.
        return


def _changed(change: Document) -> Document:
    if change["operationType"] == "update":
        return dict(change["updateDescription"]["updatedFields"])
    return dict(change.get("fullDocument") or {})


def went_back(states: list[Document]) -> list[str]:
    """Positions that ever moved backwards, in words."""
    found, last = [], dict[str, int]()
    for state in list(states):
        if state.get("offset", 0) < last.get(state["_id"], 0):
            found.append(f"(b) the position of {state['_id']} went back from {last[state['_id']]} to {state['offset']}")
        last[state["_id"]] = state.get("offset", last.get(state["_id"], 0))
    return found


def changed_hands(states: list[Document]) -> int:
    """How often a lease went to another holder."""
    holders = [state["holder"] for state in list(states) if state.get("holder")]
    return sum(before != after for before, after in itertools.pairwise(holders))
