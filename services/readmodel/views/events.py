"""Events as they are stored: found by the lines of history, read from the log, and shown as far as the record may be seen now."""

import asyncio
import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, Field, TypeAdapter

from chassis.mongo import Document
from chassis.recording import stored_id
from chassis.stored_log import LogReader
from contracts.codec import Message
from contracts.entry import problem
from contracts.event import EVENTS, type_of
from contracts.fields import Confidentiality
from contracts.sealing import redact
from contracts.state import ERASED_FIELDS, State, fields_of
from readmodel import cursors
from readmodel.filters import Code, Forces, Where
from readmodel.store import Store

Offset = Annotated[int, Field(ge=-1, lt=2**63)]
Offsets = dict[str, Annotated[list[Offset], Field(max_length=1_000)]]
"""For each force, the offset in each partition up to which events were shown."""
UNKNOWN_TYPE: Final = problem("unknown_type", "Give the type or the name of an event in the catalogue")
_OFFSETS: Final = TypeAdapter(Offsets)


def _in_full(named: str) -> str:
    found = next((each for each in (named, type_of(named)) if each in EVENTS), None)
    if found is None:
        raise UNKNOWN_TYPE
    return found


EventType = Annotated[str, AfterValidator(_in_full)]
"""The type of an event, or its name; read as the type."""


class EventFilters(Forces):
    """Which events to show."""

    type: Annotated[list[EventType], Field(max_length=50)] = Field(
        default_factory=list, description="Types (`engagement.concern-raised.v1`) or names (`concern-raised`)"
    )
    subject: Code | None = Field(None, description="Id of a record")
    after: Annotated[str, Field(max_length=20_000)] | None = Field(None, description="`next` or `after` of the page before")
    limit: int = Field(50, ge=1, le=200, description="Events on a page")


class EventPage(NamedTuple):
    """Events, the cursor of the next page when there is one, and the cursor that waits for what comes after this one."""

    items: list[dict[str, Any]]
    next: str | None
    after: str


async def page(store: Store, log: LogReader, partitions: Mapping[str, int], filters: EventFilters) -> EventPage:
    """One page of events, in the order of the log within each partition, and of time between partitions.

    Args:
        store: the read model.
        log: reads the log.
        partitions: the forces to look at, all of them granted, and how many partitions each has.
        filters: which events.

    Raises:
        Refusal: 422 for a cursor that is none.
    """
    shown = cursors.read(filters.after, _OFFSETS, "after") if filters.after else {}
    strands = await _strands(store, partitions, filters, shown)
    lines = _merged(strands, filters.limit + 1)
    for line in lines[: filters.limit]:
        _advance(shown, line, partitions[line["force"]])
    after = cursors.written({force: offsets for force, offsets in shown.items() if force in partitions})
    items = await _shown(store, log, lines[: filters.limit])
    return EventPage(items, after if len(lines) > filters.limit else None, after)


async def _strands(store: Store, partitions: Mapping[str, int], filters: EventFilters, shown: Offsets) -> list[list[Document]]:
    """For each partition, what may come next of it."""
    where = _where(filters)
    queries = [
        {"force": force, "partition": number, "offset": {"$gt": _offset(shown, force, number)}, **where}
        for force, count in partitions.items()
        for number in range(count)
    ]
    order = [("offset", 1)]
    return list(await asyncio.gather(*(store.history.find(query, sort=order, limit=filters.limit + 1) for query in queries)))


def _where(filters: EventFilters) -> Where:
    where: Where = {} if filters.subject is None else {"subject": filters.subject}
    return where | ({"type": {"$in": filters.type}} if filters.type else {})


def _merged(strands: Sequence[Sequence[Document]], most: int) -> list[Document]:
    """The oldest heads of the strands first; none of a strand before what stands before it in its partition."""
    heads = [(strand[0]["time"], number, 0) for number, strand in enumerate(strands) if strand]
    heapq.heapify(heads)
    found: list[Document] = []
    while heads and len(found) < most:
        _, number, at = heapq.heappop(heads)
        found.append(strands[number][at])
        if at + 1 < len(strands[number]):
            heapq.heappush(heads, (strands[number][at + 1]["time"], number, at + 1))
    return found


async def _shown(store: Store, log: LogReader, lines: Sequence[Document]) -> list[dict[str, Any]]:
    messages = await log.read([(line["topic"], line["partition"], line["offset"]) for line in lines])
    current = await _current(store, messages)
    return [structured(message, current.get(stored_id(message.force, message.subject))) for message in messages]


async def _current(store: Store, messages: Iterable[Message]) -> dict[str, Document]:
    """What decides how much of each record may be seen now."""
    keys: dict[type[State], set[str]] = {}
    for message in messages:
        if message.model is not None:
            keys.setdefault(message.model, set()).add(stored_id(message.force, message.subject))
    projection = {"sensitive": 1, "erased_at": 1}
    found = await asyncio.gather(
        *(store.of(model).find({"_id": {"$in": list(wanted)}}, projection=projection) for model, wanted in keys.items())
    )
    return {document["_id"]: document for documents in found for document in documents}


def structured(message: Message, current: Document | None) -> dict[str, Any]:
    """An event for those with a grant: without what is sealed, and without what the record as it is now no longer shows.

    Of a kind that is not known here, nothing but its frame is shown: what in it is sensitive cannot be told.
    """
    now = current or {}
    if now.get("erased_at"):
        stub = {name: value for name, value in message.data.items() if name in ERASED_FIELDS}
        return message.structured(stub | {"erased_at": now["erased_at"]})
    if message.model is None:
        frame = fields_of(State, Confidentiality.FRAME)
        return message.structured({name: value for name, value in message.data.items() if name in frame})
    return message.structured(redact(message.model, message.data, sensitive=message.sensitive or bool(now.get("sensitive"))))


def _offset(shown: Offsets, force: str, partition: int) -> int:
    offsets = shown.get(force, [])
    return offsets[partition] if partition < len(offsets) else -1


def _advance(shown: Offsets, line: Document, partitions: int) -> None:
    offsets = shown.setdefault(line["force"], [])
    offsets += [-1] * (partitions - len(offsets))
    offsets[line["partition"]] = line["offset"]
