"""What a model must be before it is live: as many of everything as the live one holds, and figures that equal a recount."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chassis.mongo import Document, Mongo, Tx
from contracts.state import State
from contracts.topics import topic
from readmodel.builder import Builder, Ends
from readmodel.comparing import differing_figures
from readmodel.projections import MODELS, Bucket, Figure, bucket, contribution
from readmodel.store import HISTORY, Store
from readmodel.tally import figure_of

COUNTED: Final = (*(model.collection for model in MODELS), HISTORY)
PAGE: Final = 1_000
PATIENCE_SECONDS: Final = 30.0
"""How long the live model may take to get as far as the new one."""
Counts = Mapping[str, int]
"""How many documents of a force are in each collection."""
Figures = defaultdict[Bucket, Counter[Figure]]


@dataclass(frozen=True)
class There:
    """What a model is in one force, at one moment: where it stands, what it holds, and what it holds parked."""

    ends: Ends
    counts: Counts
    parked: set[str]


class Differs(Exception):  # noqa: N818 - what is said to the operator
    """The new model is not what it should be."""


async def compare(mongo: Mongo, builder: Builder, live: Store, forces: Iterable[str]) -> None:
    """Hold a new model against the live one of the same projection, force by force, at one position in the log.

    Raises:
        Differs: they do not hold the same number of documents, but for those of events that only the new one understands.
    """
    for force in forces:
        there = await _ahead(mongo, builder, live, force)
        await builder.reach(there.ends)
        await builder.settle(force, there.parked)
        ours, theirs = await _counts(builder.store, force), there.counts
        more = len(there.parked - await builder.store.parked.ids({"force": force}))
        wrong = [
            f"{name}: {ours[name]} instead of {theirs[name]}" for name in COUNTED if not theirs[name] <= ours[name] <= theirs[name] + more
        ]
        if wrong:
            message = f"in {force} it does not hold what the live model holds: {'; '.join(wrong)}"
            raise Differs(message)


async def recount(store: Store, forces: Iterable[str]) -> None:
    """Count every document anew, a force and a page at a time, and hold the figures against that.

    Raises:
        Differs: they are not equal.
    """
    for force in forces:
        counted, stored = await _counted(store, force), await _stored(store, force)
        if any(differing_figures(counted[date], stored[date]) for date in counted.keys() | stored.keys()):
            message = f"in {force} its figures do not equal a recount of its documents"
            raise Differs(message)


async def _counted(store: Store, force: str) -> Figures:
    found: Figures = defaultdict(Counter)
    for model in MODELS:
        async for document in _documents(store, model, force):
            found[bucket(model, document)].update(contribution(model, document))
    return found


async def _stored(store: Store, force: str) -> Figures:
    found: Figures = defaultdict(Counter)
    for each in await store.figures.find({"force": force}):
        found[each["date"]].update({figure_of(name): number for name, number in each["counts"].items()})
    return found


async def _ahead(mongo: Mongo, builder: Builder, live: Store, force: str) -> There:
    """What the live model is in a force, once it is as far as the new one."""
    clock = asyncio.get_running_loop()
    patience = clock.time() + PATIENCE_SECONDS
    while True:
        there = await mongo.snapshot(lambda tx: _at_one_moment(live, force, tx))
        log_ends = await builder.ends()
        if any(offset > log_ends.get(partition, 0) for partition, offset in there.ends.items()):
            message = f"in {force} the live model stands past the end of the log: the topic was made anew, or its log was cut"
            raise Differs(message)
        if all(there.ends.get(partition, 0) >= offset for partition, offset in builder.at.items() if partition.topic == topic(force)):
            return there
        if clock.time() > patience:
            message = f"in {force} the live model stands still behind the new one: is a read model of its projection running?"
            raise Differs(message)
        await asyncio.sleep(0.05)


async def _at_one_moment(live: Store, force: str, tx: Tx) -> There:
    own = {partition: offset for partition, offset in (await live.positions.all(tx=tx)).items() if partition.topic == topic(force)}
    return There(own, await _counts(live, force, tx), await live.parked.ids({"force": force}, tx))


async def _counts(store: Store, force: str, tx: Tx | None = None) -> Counts:
    return {name: await store.named(name).count({"force": force}, tx=tx) for name in COUNTED}


async def _documents(store: Store, model: type[State], force: str) -> AsyncIterator[Document]:
    """Every document of a kind without what is sealed, in the order of its key; a page is in memory at a time."""
    # Keys begin with the force and a colon; the semicolon is the next sign.
    after, end = f"{force}:", f"{force};"
    while page := await store.of(model).find({"_id": {"$gt": after, "$lt": end}}, projection={"sealed": 0}, sort=[("_id", 1)], limit=PAGE):
        for document in page:
            yield document
        after = page[-1]["_id"]
