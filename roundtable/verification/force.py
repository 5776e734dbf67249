"""One force: its partitions one after the other, then what only the whole of them can tell."""

from collections.abc import Iterator

from chassis.parked import COLLECTION as PARKED
from chassis.parked import DISCARDED
from notifications.domain import Subscription
from readmodel.projections import MODELS
from readmodel.store import FIGURES, HISTORY
from roundtable.condition import ends
from roundtable.provisioning.desk import Document, Provisioning
from roundtable.verification.aside import Aside, aside, given_up, still_parked
from roundtable.verification.log import Log
from roundtable.verification.owners import compare_outbox, compare_owners
from roundtable.verification.partition import MODEL, NOTIFICATIONS, Partition
from roundtable.verification.references import PATHS, references
from roundtable.verification.report import Difference, Kind, Report
from roundtable.verification.sequence import Sequences
from roundtable.verification.snapshot import Snapshot
from roundtable.verification.standing import READERS, Standing, of_reader, settled
from roundtable.verification.telling import Telling, compare_grants

_DELIVERIES = f"{NOTIFICATIONS}.deliveries"


def verify_force(desk: Provisioning, log: Log, force: Document, report: Report) -> None:
    """Compare everything of one force of the registry, and report."""
    at_first = ends(desk.kafka, [force])
    with settled(desk, force["_id"], at_first) as standing:
        report.compared(Kind.POSITIONS, len(at_first) * len(READERS))
        report.add(Kind.POSITIONS, standing.behind(force["_id"], at_first))
        # What was published before the instant of the snapshot lies before these.
        _Force(force["_id"], standing, report).compare(log, ends(desk.kafka, [force]))


class _Force:
    """The comparison of one force at one instant."""

    def __init__(self, slug: str, standing: Standing, report: Report) -> None:
        self._slug = slug
        self._standing = standing
        self._report = report
        self._subscriptions = list(_subscriptions(standing.at, slug))
        self._sequences = Sequences()
        self._telling = Telling(self._subscriptions)

    def compare(self, log: Log, until: dict[tuple[str, int], int]) -> None:
        """Read the log up to these ends, and compare what is there with it."""
        asides = {reader: self._aside(reader) for reader in READERS}
        for place, end in until.items():
            Partition(self._slug, place, self._standing, asides, self._sequences, self._telling, self._report).read(log, end)
        self._report.compared(Kind.SEQUENCE, len(self._sequences.known))
        self._report.add(Kind.SEQUENCE, self._sequences.gaps())
        compare_owners(self._at, self._slug, self._sequences, self._report)
        compare_outbox(self._at, self._slug, self._sequences, self._report)
        self._compare_deliveries()
        self._report.add(Kind.HISTORY, self._beyond(until))
        self._report.add(Kind.FIGURES, self._nowhere([number for _, number in until]))
        self._look_through_the_model()

    @property
    def _at(self) -> Snapshot:
        return self._standing.at

    def _aside(self, reader: str) -> Aside:
        """What a reader did not handle; each is named."""
        found = aside(self._at, reader, self._slug, of_reader(reader, self._standing.live))
        self._report.compared(Kind.PARKED, len(found.parked))
        self._report.add(Kind.PARKED, still_parked(found.parked, self._slug, f"{reader}.{PARKED}"))
        self._report.compared(Kind.DISCARDED, len(found.discarded))
        self._report.add(Kind.DISCARDED, given_up(found.discarded, self._slug, f"{reader}.{DISCARDED}"))
        return found

    def _compare_deliveries(self) -> None:
        owners = {each.id: each for each in self._subscriptions}
        standing = frozenset(each["subject"] for each in self._at.find("registry", "grants", _STANDING | {"force": self._slug}))
        deliveries = list(self._at.find(NOTIFICATIONS, "deliveries", {"force": self._slug}, ("subscription_id", "status")))
        waiting = [each for each in deliveries if each["status"] == "pending"]
        self._report.compared(Kind.DELIVERIES, len(deliveries))
        self._report.compared(Kind.GRANTS, len(waiting))
        self._report.add(Kind.DELIVERIES, self._telling.compare(deliveries, self._slug, _DELIVERIES))
        self._report.add(Kind.GRANTS, compare_grants(waiting, owners, standing, self._slug, _DELIVERIES))

    def _beyond(self, until: dict[tuple[str, int], int]) -> Iterator[Difference]:
        """Lines of history of places that the read model has not come to, or that there are not."""
        there = [{"partition": number, "offset": {"$gte": self._standing.of(MODEL, (topic, number))}} for topic, number in until]
        where = {"force": self._slug, "$or": [*there, {"partition": {"$nin": [number for _, number in until]}}]}
        for each in self._at.find(MODEL, self._standing.named(HISTORY), where, ("partition", "offset", "version")):
            what = f"a line of an event that was not read, {each['partition']}:{each['offset']}"
            yield Difference(what, self._slug, each["_id"].partition(":")[2], f"{MODEL}.{self._standing.named(HISTORY)}", each["version"])

    def _nowhere(self, partitions: list[int]) -> Iterator[Difference]:
        for each in self._at.find(MODEL, self._standing.named(FIGURES), {"force": self._slug, "partition": {"$nin": partitions}}):
            yield Difference(
                "a bucket of a partition that there is not", self._slug, each["_id"], f"{MODEL}.{self._standing.named(FIGURES)}"
            )

    def _look_through_the_model(self) -> None:
        """Documents that come of no event, and references that lead to no record of the log."""
        for model in MODELS:
            collection = f"{MODEL}.{self._standing.named(model.collection)}"
            roots = sorted({path[0] for path in PATHS.get(model, ())})
            for each in self._at.find(MODEL, self._standing.named(model.collection), {"force": self._slug}, ("id", "version", *roots)):
                known = self._sequences.known.get(each["_id"])
                if known is None or not known.projected or known.model is not model:
                    missing = Difference("comes of no event of the log", self._slug, str(each.get("id")), collection, each.get("version"))
                    self._report.add(Kind.DOCUMENTS, [missing])
                for field, leads_to, target in references(model, each):
                    self._report.compared(Kind.REFERENCES)
                    self._report.add(
                        Kind.REFERENCES, self._dangling(field, leads_to, target, Difference("", self._slug, each["id"], collection))
                    )

    def _dangling(self, field: str, leads_to: str, target: str, of: Difference) -> Iterator[Difference]:
        known = self._sequences.known.get(f"{self._slug}:{target}")
        if known is None or (known.model is not None and known.model.collection != leads_to):
            yield Difference(f"{field} leads to {target}, of which the log holds nothing", of.force, of.id, of.where)


_STANDING = {"revoked_at": None, "roles": "subscriber"}


def _subscriptions(at: Snapshot, force: str) -> Iterator[Subscription]:
    for document in at.find(NOTIFICATIONS, "subscriptions", {"force": force}):
        yield Subscription.model_validate({name: value for name, value in document.items() if name != "_id"})
