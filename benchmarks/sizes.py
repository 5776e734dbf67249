"""What the size of the read model costs: lists beside a model a hundredth as large, and what one more event moves."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from aiokafka import TopicPartition

from benchmarks.figures import Figure, at_most
from benchmarks.ground import Ground
from benchmarks.measuring import Contender, Measured, percentile, take_turns
from benchmarks.messages import many
from benchmarks.models import SOUGHT, Model, model_of
from chassis.batch import Batch, Received
from chassis.mongo import Tx
from contracts.topics import topic
from readmodel.filters import ConcernFilters
from readmodel.projector import Projector
from readmodel.views import records

ASKED: Final[Sequence[ConcernFilters]] = [
    ConcernFilters.model_validate(filters)
    for filters in (
        {},
        {"limit": 200},
        {"status": ["raised"]},
        {"category": ["hate-crime"]},
        {"category": ["drugs", "burglary"], "status": ["in_progress"]},
        {"from": "2025-03-01", "to": "2025-03-31"},
        {"from": "2025-06", "to": "2025-06", "status": ["resolved"]},
    )
]
"""The published list, newest first: all of it, on short pages and long, by status, category, both, days and months."""
NOTHING: Final = [ConcernFilters.model_validate({"priority": ["high"], "limit": 10})]
"""What matches no record, so that every key of the index is looked at."""
EVENTS: Final = 100


async def run(ground: Ground) -> list[Figure]:
    """p95 of lists, of words sought, and the time that a batch of events takes."""
    large, small, least = ground.size(1_000_000, 20_000), ground.size(10_000, 2_000), ground.size(1_000, 200)
    found = []
    async with model_of(ground, large) as many_records, model_of(ground, small) as fewer, model_of(ground, least) as few:
        turns = partial(take_turns, rounds=ground.rounds, tell=ground.tell)
        names = [f"{size:,} concerns" for size in (large, small, least)]
        compare = partial(_compared, dict(zip(names, (many_records, fewer), strict=False)))
        lists, nothing, sought = [await turns(compare(asked)) for asked in (ASKED, NOTHING, [ConcernFilters(q=SOUGHT)])]
        compared = (many_records, few)
        moved = await turns([Contender(name, partial(_moved, model)) for name, model in zip(names[::2], compared, strict=True)])
    for title, rounds, other, aim in (
        ("lists, p95", lists, names[1], at_most(1.5)),
        ("a list that nothing matches, p95", nothing, names[1], at_most(1.5)),
        ("lists of what a word is found in, one in a thousand, p95", sought, names[1], None),
        (f"{EVENTS} events into documents and figures", moved, names[2], at_most(1.2)),
    ):
        value = "p95" if rounds is not moved else "seconds"
        found.append(Figure("sizes", title, "ms", rounds.sample(names[0], value), rounds.sample(other, value), aim))
    return found


def _compared(models: Mapping[str, Model], asked: Sequence[ConcernFilters]) -> list[Contender]:
    return [Contender(name, partial(_listed, model, asked)) for name, model in models.items()]


async def _listed(model: Model, asked: Sequence[ConcernFilters]) -> Measured:
    seconds = [await _timed(partial(records.page, model.store, model.reader, filters)) for _ in range(10) for filters in asked]
    return {"p50": percentile(seconds, 50), "p95": percentile(seconds, 95)}


async def _moved(model: Model) -> Measured:
    """A transaction of events of new concerns, ten times; the middle one counts."""
    where, seconds = TopicPartition(topic(model.force), 0), []
    for _ in range(10):
        events = [Received(message, where.topic, 0, place) for place, message in enumerate(many(model.force, model.key, EVENTS))]

        async def body(tx: Tx, batch: Batch = Batch(where, events)) -> None:  # noqa: B008 - of this turn
            await Projector(model.store)(tx, batch)

        seconds.append(await _timed(partial(model.runtime.mongo.transaction, body)))
    return {"seconds": percentile(seconds, 50)}


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun
