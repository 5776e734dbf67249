"""The projector: events into documents, figures and history, in the transaction that moves the position of their partition."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import structlog

from chassis import metrics
from chassis.batch import Batch, Committed, Received
from chassis.consumer import consume
from chassis.mongo import Document, DuplicateKey, InsertOne, ReplaceOne, Tx, UpdateOne, Write
from chassis.recording import stored_id
from chassis.runtime import Runtime
from contracts.dates import instant, span
from contracts.state import State
from readmodel.arrivals import wait
from readmodel.model import Model
from readmodel.parts import Parts, parts
from readmodel.projections import MODELS, PROJECTION, Bucket, Figure, fold, movement
from readmodel.store import Store
from readmodel.tally import field_of

log = structlog.get_logger()
HANDOVER_SECONDS: Final = 2.0
"""How long the model that was live is carried on: longer than the slowest process takes to read the new one."""
Documents = dict[str, Document]
Moved = dict[Bucket, Counter[Figure]]


class Projector:
    """Writes what a batch of events changes, and nothing else: it may be run again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._met: set[str] = set()

    async def __call__(self, tx: Tx, batch: Batch) -> None:
        """Project one batch: what is read and written counts together with the position, or not at all."""
        moved: Moved = defaultdict(Counter)
        versions: dict[str, int] = {}
        for model, events in _by_model(batch.events).items():
            old = await self._read(model, events, tx)
            new = _folded(old, events)
            versions |= {key: document["version"] for key, document in old.items()}
            await self._store.of(model).bulk_write(_writes(old, new), ordered=False, tx=tx)
            _move(moved, model, old, new)
        await self._store.figures.bulk_write(_figures(batch, moved), ordered=False, tx=tx)
        await self._remember(batch, versions, tx)

    async def _read(self, model: type[State], events: Iterable[Received], tx: Tx) -> Documents:
        keys = {_key(event) for event in events}
        found = await self._store.of(model).find({"_id": {"$in": list(keys)}}, projection={"sealed": 0}, tx=tx)
        return {document["_id"]: document for document in found}

    async def _remember(self, batch: Batch, versions: Mapping[str, int], tx: Tx) -> None:
        """Add a line of history for each event. One that is repeated has its line: a second would end the transaction."""
        # Of an event that stands twice in a batch, the first place counts: after it come the record's later versions.
        lines = {each["_id"]: each for each in map(line, reversed(batch.events))}
        repeated = [line_id(event) for event in batch.events if _may_be_repeated(event, versions)]
        repeated += lines.keys() & self._met
        if repeated:
            for there in await self._store.history.find({"_id": {"$in": repeated}}, projection={"_id": 1}, tx=tx):
                lines.pop(there["_id"], None)
        if lines:
            await self._insert(lines, tx)

    async def _insert(self, lines: Mapping[str, Document], tx: Tx) -> None:
        try:
            await self._store.history.insert_many(list(lines.values()), tx=tx)
        except DuplicateKey:
            # A record was lost whose events have their lines: tried again, one by one, they are looked for first.
            self._met |= lines.keys()
            raise


async def project(runtime: Runtime) -> None:
    """Project every event of every registered force into the live model, whichever that is, until the service stops.

    A model that another version of the projection built is left alone: whoever has that version goes on with it.
    """
    own = parts(runtime)
    while not runtime.stopping.is_set():
        model = own.store.model
        if own.projects:
            await _project_into(runtime, own, own.store)
        else:
            log.warning("another_projection_is_live", live=str(model), own=PROJECTION)
            metrics.projector_lag.clear()
            await own.live.leaves(model, runtime.stopping)


async def _project_into(runtime: Runtime, own: Parts, store: Store) -> None:
    until = asyncio.Event()
    ending = asyncio.create_task(_until_left(runtime, own, store.model, until))
    try:
        await consume(runtime, Projector(store), positions=store.positions, committed=_news(runtime, own), until=until)
    finally:
        ending.cancel()


async def _until_left(runtime: Runtime, own: Parts, model: Model, until: asyncio.Event) -> None:
    """Go on a little when another model is live: other processes may still read this one, and who built that one carries it on."""
    await own.live.leaves(model, runtime.stopping)
    await wait(runtime.stopping, HANDOVER_SECONDS)
    until.set()


def _news(runtime: Runtime, own: Parts) -> Committed:
    """Tells those who wait for a record, and the metrics, of each batch."""

    def committed(batch: Batch) -> None:
        now = runtime.now()
        # One that waited for an operator says nothing of how fast the way is.
        for event in () if batch.redriven else batch.events:
            metrics.event_to_readmodel_seconds.observe(max(0.0, (now - event.message.time).total_seconds()))
        own.arrivals.announce({_key(event) for event in batch.events})

    return committed


def _by_model(events: Iterable[Received]) -> dict[type[State], list[Received]]:
    """Events whose aggregate is known, by its model; of the others, history is all that is kept."""
    found: dict[type[State], list[Received]] = defaultdict(list)
    for event in events:
        if event.message.model in MODELS:
            found[event.message.model].append(event)
    return found


def _folded(old: Documents, events: Iterable[Received]) -> Documents:
    new = dict(old)
    for event in events:
        key = _key(event)
        new[key] = fold(new.get(key), event.message)
    return {key: document for key, document in new.items() if document is not old.get(key)}


def _writes(old: Documents, new: Documents) -> list[Write]:
    """Insert what is absent, replace what exists: an upsert would cost twice an insert."""
    absent: list[Write] = [InsertOne(document) for key, document in new.items() if key not in old]
    return absent + [ReplaceOne({"_id": key}, document) for key, document in new.items() if key in old]


def _move(moved: Moved, model: type[State], old: Documents, new: Documents) -> None:
    for key, document in new.items():
        for date, figures in movement(model, old.get(key), document).items():
            moved[date].update(figures)


def _figures(batch: Batch, moved: Moved) -> list[Write]:
    partition = batch.partition.partition
    found: list[Write] = []
    for date, figures in moved.items():
        changes = {f"counts.{field_of(figure)}": number for figure, number in figures.items() if number}
        key, bucket = bucket_of(batch.force, partition, date)
        if changes:
            found.append(UpdateOne({"_id": key}, {"$inc": changes, "$setOnInsert": bucket}, upsert=True))
    return found


def bucket_of(force: str, partition: int, date: Bucket) -> tuple[str, Document]:
    """The `_id` of a bucket of figures, and what it says beside its counts."""
    first, last = span(date) or (None, None)
    return f"{force}:{partition}:{date or ''}", {"force": force, "partition": partition, "date": date, "first": first, "last": last}


def line(event: Received) -> Document:
    """The line of history that an event leaves."""
    message = event.message
    return {
        "_id": line_id(event),
        "force": message.force,
        "subject": message.subject,
        "type": message.type,
        "version": message.version,
        "time": instant(message.time),
        "topic": event.topic,
        "partition": event.partition,
        "offset": event.offset,
    }


def _may_be_repeated(event: Received, versions: Mapping[str, int]) -> bool:
    """A version that is newer than the record was cannot have come before; of an unknown aggregate there is no record to ask."""
    return event.message.model is None or event.message.version <= versions.get(_key(event), 0)


def line_id(event: Received) -> str:
    """The `_id` of an event's line of history."""
    return stored_id(event.message.force, event.message.id)


def _key(event: Received) -> str:
    return stored_id(event.message.force, event.message.subject)
