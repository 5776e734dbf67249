"""The fold of one partition of the log, by the read model's own functions, and what its documents and figures must be."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from chassis.batch import Received
from chassis.recording import stored_id
from contracts.state import State
from readmodel.comparing import differing_fields, differing_figures
from readmodel.projections import MODELS, Bucket, Document, Figure, Stored, bucket, contribution, fold
from readmodel.projector import bucket_of
from readmodel.tally import figure_of
from roundtable.verification.report import Difference


class Fold:
    """The newest state of each aggregate of a partition, kept as text: a document takes many times its size in memory."""

    def __init__(self) -> None:
        self.models: dict[str, type[State]] = {}
        self._kept: dict[str, tuple[int, bytes]] = {}

    def add(self, event: Received) -> None:
        """Project an event. Of an aggregate that is not known here, the read model keeps no document."""
        message, key = event.message, stored_id(event.message.force, event.message.subject)
        if message.model is None or message.model not in MODELS:
            return
        # Its version is all that `fold` asks of an older document.
        old = {"version": self._kept[key][0]} if key in self._kept else None
        new = fold(old, message)
        if new is not old:
            self.models[key] = message.model
            self._kept[key] = new["version"], json.dumps(new).encode()

    def document(self, key: str) -> Document:
        """The document of an aggregate that was projected."""
        kept: Document = json.loads(self._kept[key][1])
        return kept

    def figures(self) -> dict[Bucket, Counter[Figure]]:
        """What all of them count, by the date that it counts under."""
        recount: dict[Bucket, Counter[Figure]] = defaultdict(Counter)
        for key, model in self.models.items():
            document = self.document(key)
            recount[bucket(model, document)].update(contribution(model, document))
        return recount


def compare_document(expected: Stored, stored: Stored | None, where: str) -> Iterator[Difference]:
    """A document as it is and as the log says that it must be; fields are named, and not what stands in them."""
    found = None
    if stored is None:
        found = "missing"
    elif stored.get("version") != expected["version"]:
        found = f"at version {stored.get('version')}"
    elif differing := differing_fields(expected, stored):
        found = f"differs in {', '.join(differing)}"
    if found:
        yield Difference(found, expected["force"], expected["id"], where, expected["version"])


def compare_figures(
    force: str, partition: int, recount: Mapping[Bucket, Counter[Figure]], stored: Mapping[str, Stored], where: str
) -> Iterator[Difference]:
    """The buckets of a partition, and those that a recount fills; what counts nothing need not be there."""
    expected = {
        key: (said, figures) for (key, said), figures in ((bucket_of(force, partition, date), each) for date, each in recount.items())
    }
    for key in sorted(expected.keys() | stored.keys()):
        said, figures = expected.get(key, ({}, Counter()))
        there = stored.get(key, {})
        counted = Counter({figure_of(name): number for name, number in there.get("counts", {}).items()})
        differing = differing_figures(figures, counted)
        if any(figures.values()) and any(counted.values()):
            differing += [name for name, value in said.items() if there.get(name) != value]
        if differing:
            yield Difference(f"not what a recount gives in {', '.join(differing)}", force, key, where)
