"""Read models of many records, put there at once: what is measured on them is how much their size matters."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from benchmarks.ground import Ground
from benchmarks.messages import BEGINNING, CATEGORIES, concern_raised, day
from chassis.mongo import Document
from chassis.principal import Role
from chassis.recording import stamp
from chassis.runtime import Runtime
from contracts.concern import Concern
from contracts.sealing import DataKey, seal
from readmodel.access import Reader
from readmodel.parts import parts, setup
from readmodel.projections import Bucket, Figure, movement
from readmodel.store import Store
from readmodel.tally import field_of

CHUNK: Final = 5_000
STATUSES: Final = ("raised", "under_review", "in_progress", "resolved")
SOUGHT: Final = "bandstand"
"""A word that one record in a thousand has."""


@dataclass(frozen=True)
class Model:
    """A read model of one force, and who reads it."""

    runtime: Runtime
    store: Store
    force: str
    key: DataKey

    @property
    def reader(self) -> Reader:
        """Someone who may read ordinary records of the force."""
        return Reader("benchmark", {self.force: frozenset({Role.READER})})


@asynccontextmanager
async def model_of(ground: Ground, count: int) -> AsyncIterator[Model]:
    """A read model of so many concerns of one force, spread over a year, six categories and four statuses."""
    fresh = ground.fresh()
    force = fresh.new_force()
    async with fresh.runtime("readmodel") as runtime, fresh.runtime("concerns") as recording:
        await setup(runtime)
        model = Model(runtime, parts(runtime).store, force, await recording.keys.create("concerns", force, "benchmark"))
        await _fill(model, count)
        yield model


async def _fill(model: Model, count: int) -> None:
    counted: dict[Bucket, Counter[Figure]] = defaultdict(Counter)
    documents = _documents(model, count)
    while chunk := list(islice(documents, CHUNK)):
        for document in chunk:
            for date, figures in movement(Concern, None, document).items():
                counted[date].update(figures)
        await model.store.of(Concern).insert_many(chunk)
    await model.store.figures.insert_many([_bucket(model.force, date, figures) for date, figures in counted.items() if figures])


def _documents(model: Model, count: int) -> Iterator[Document]:
    template = stamp(concern_raised(model.force), BEGINNING)
    for number in range(count):
        at = day(number).date().isoformat()
        # Newest first is by date, then by id: ids are spread over all dates, as they are where many record.
        subject = f"{number * 2_654_435_761 % 2**32:08x}-0000-7000-8000-{number:012x}"
        known: dict[str, Any] = {"raised_on": at, "raised_from": at, "raised_to": at, "category": CATEGORIES[number % 7 % len(CATEGORIES)]}
        known["locality"] = f"By the {SOUGHT}" if number % 1_000 == 0 else None
        # A sealed block opens as part of its own record alone.
        own = seal(template.model_copy(update={"id": subject}), model.key)
        yield {"_id": f"{model.force}:{subject}", **own, "status": STATUSES[number % 11 % len(STATUSES)], **known}


def _bucket(force: str, date: Bucket, figures: Counter[Figure]) -> Document:
    counts = {field_of(figure): number for figure, number in figures.items() if number}
    return {"_id": f"{force}:0:{date or ''}", "force": force, "partition": 0, "date": date, "first": date, "last": date, "counts": counts}
