"""One partition of the log, read once: its fold, its history and what was told of it, each up to its reader's position."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chassis.batch import Received
from chassis.recording import stored_id
from readmodel.store import FIGURES, HISTORY
from roundtable.verification.aside import Aside
from roundtable.verification.folding import Fold, compare_document, compare_figures
from roundtable.verification.history import compare_history, without_line
from roundtable.verification.log import Log, Record, Unreadable, judged
from roundtable.verification.report import Difference, Kind, Report
from roundtable.verification.sequence import Sequences
from roundtable.verification.snapshot import chunks
from roundtable.verification.standing import READERS, Place, Standing
from roundtable.verification.telling import Telling

MODEL, NOTIFICATIONS = READERS
Read = tuple[Record, Received | Unreadable]
"""A record, and what it holds."""


@dataclass
class Partition:
    """The comparison of one partition with all that comes of it."""

    force: str
    place: Place
    standing: Standing
    asides: Mapping[str, Aside]
    sequences: Sequences
    telling: Telling
    report: Report
    fold: Fold = field(default_factory=Fold)

    def read(self, log: Log, end: int) -> None:
        """Read the log up to an offset, and compare."""
        before = 0
        for records in log.read(*self.place, end):
            read = [(record, judged(record, *self.place)) for record in records]
            self.report.compared(Kind.LOG, len(read))
            self._note(read)
            after = records[-1].offset + 1
            self._compare_history(self._handled(MODEL, read), before, after)
            before = after
        self._compare_documents()
        self._compare_figures()
        self._compare_owners()

    def _note(self, read: Sequence[Read]) -> None:
        for record, found in read:
            if isinstance(found, Unreadable):
                self.report.add(Kind.LOG, self._unreadable(record, found))
                self.report.add(Kind.SEQUENCE, self.sequences.add_unreadable(found.event, *self.place))
            else:
                self.report.add(Kind.SEQUENCE, self.sequences.add(found))
        for event in self._handled(MODEL, read):
            self.fold.add(event)
            self.sequences.known[_key(event)].projected = True
        for event in self._handled(NOTIFICATIONS, read):
            self.telling.add(event)

    def _unreadable(self, record: Record, found: Unreadable) -> Iterator[Difference]:
        """What is no event, unless a reader put it aside: then that is told of it."""
        if not any(each.has(*self.place, record) for each in self.asides.values()):
            topic, partition = self.place
            yield Difference(found.why, self.force, str(record.offset), f"{topic}:{partition}")

    def _handled(self, reader: str, read: Sequence[Read]) -> list[Received]:
        """The events that lie before a reader's position, without those that it put aside."""
        position, aside = self.standing.of(reader, self.place), self.asides[reader]
        within = [(record, event) for record, event in read if record.offset < position and isinstance(event, Received)]
        return [event for record, event in within if not aside.has(*self.place, record)]

    def _compare_history(self, events: Sequence[Received], before: int, after: int) -> None:
        collection, (_, partition) = self.standing.named(HISTORY), self.place
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
            database, collection = (model.service, model.collection) if owners else (MODEL, self.standing.named(model.collection))
            keys = (key for key, each in self.fold.models.items() if each is model)
            for chunk in chunks(keys):
                stored = self.standing.at.by_ids(database, collection, chunk)
                for key in chunk:
                    expected, there = self.fold.document(key), stored.get(key)
                    if not owners or (there and there["version"] == expected["version"]):
                        self.report.add(kind, compare_document(expected, there, f"{database}.{collection}"))

    def _compare_figures(self) -> None:
        collection, (_, partition) = self.standing.named(FIGURES), self.place
        stored = {each["_id"]: each for each in self.standing.at.find(MODEL, collection, {"force": self.force, "partition": partition})}
        recount = self.fold.figures()
        self.report.compared(Kind.FIGURES, len(recount))
        self.report.add(Kind.FIGURES, compare_figures(self.force, partition, recount, stored, f"{MODEL}.{collection}"))


def _key(event: Received) -> str:
    return stored_id(event.message.force, event.message.subject)
