"""One partition of the log, read once: its fold, its history and what was told of it, each up to its reader's position."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chassis.consumer import Received
from chassis.recording import stored_id
from readmodel.store import FIGURES, HISTORY, named
from roundtable.verification.folding import Fold, compare_document, compare_figures
from roundtable.verification.history import compare_history, without_line
from roundtable.verification.log import Log, received
from roundtable.verification.report import Difference, Kind, Report
from roundtable.verification.sequence import Sequences
from roundtable.verification.snapshot import chunks
from roundtable.verification.standing import READERS, Place, Standing
from roundtable.verification.telling import Telling

MODEL = "readmodel"


@dataclass
class Partition:
    """The comparison of one partition with all that comes of it."""

    force: str
    place: Place
    standing: Standing
    parked: dict[str, frozenset[tuple[str, int, int]]]
    sequences: Sequences
    telling: Telling
    report: Report
    fold: Fold = field(default_factory=Fold)

    def read(self, log: Log, end: int) -> None:
        """Read the log up to an offset, and compare."""
        before = 0
        for records in log.read(*self.place, end):
            judged = [(record.offset(), received(record, *self.place)) for record in records]
            self.report.compared(Kind.LOG, len(judged))
            self.report.add(Kind.LOG, self._unreadable(judged))
            events = [event for _, event in judged if isinstance(event, Received)]
            self._note(events)
            after = int(records[-1].offset() or 0) + 1
            self._compare_history(self._handled(MODEL, events), before, after)
            before = after
        self._compare_documents()
        self._compare_figures()
        self._compare_owners()

    def _unreadable(self, judged: Sequence[tuple[int | None, Received | str]]) -> Iterator[Difference]:
        for offset, found in judged:
            topic, partition = self.place
            if isinstance(found, str) and not any((topic, partition, offset) in self.parked[reader] for reader in READERS):
                yield Difference(found, self.force, str(offset), f"{topic}:{partition}")

    def _note(self, events: Sequence[Received]) -> None:
        for event in events:
            self.report.add(Kind.SEQUENCE, self.sequences.add(event))
        for event in self._handled(MODEL, events):
            self.fold.add(event)
            self.sequences.known[_key(event)].projected = True
        for event in self._handled("notifications", events):
            self.telling.add(event.message)

    def _handled(self, reader: str, events: Sequence[Received]) -> list[Received]:
        """The events that lie before a reader's position, without those that it could not process."""
        position, parked = self.standing.of(reader, self.place), self.parked[reader]
        return [event for event in events if event.offset < position and (event.topic, event.partition, event.offset) not in parked]

    def _compare_history(self, events: Sequence[Received], before: int, after: int) -> None:
        collection, (_, partition) = named(HISTORY), self.place
        within = {"force": self.force, "partition": partition, "offset": {"$gte": before, "$lt": after}}
        lines = list(self.standing.at.find(MODEL, collection, within))
        elsewhere = self.standing.at.by_ids(MODEL, collection, without_line(events, lines))
        self.report.compared(Kind.HISTORY, len(events))
        self.report.add(Kind.HISTORY, compare_history(events, lines, elsewhere, self.force, f"{MODEL}.{collection}"))

    def _compare_documents(self) -> None:
        self.report.compared(Kind.DOCUMENTS, len(self.fold.models))
        self._compare_stored(Kind.DOCUMENTS, owners=False)

    def _compare_owners(self) -> None:
        """Owners' documents of the versions that were folded; whatever is newer or missing, the whole force is asked for."""
        self._compare_stored(Kind.OWNERS, owners=True)

    def _compare_stored(self, kind: Kind, *, owners: bool) -> None:
        for model in dict.fromkeys(self.fold.models.values()):
            database, collection = (model.service, model.collection) if owners else (MODEL, named(model.collection))
            keys = (key for key, each in self.fold.models.items() if each is model)
            for chunk in chunks(keys):
                stored = self.standing.at.by_ids(database, collection, chunk)
                for key in chunk:
                    expected, there = self.fold.document(key), stored.get(key)
                    if not owners or (there and there["version"] == expected["version"]):
                        self.report.add(kind, compare_document(expected, there, f"{database}.{collection}"))

    def _compare_figures(self) -> None:
        collection, (_, partition) = named(FIGURES), self.place
        stored = {each["_id"]: each for each in self.standing.at.find(MODEL, collection, {"force": self.force, "partition": partition})}
        recount = self.fold.figures()
        self.report.compared(Kind.FIGURES, len(recount))
        self.report.add(Kind.FIGURES, compare_figures(self.force, partition, recount, stored, f"{MODEL}.{collection}"))


def _key(event: Received) -> str:
    return stored_id(event.message.force, event.message.subject)
