"""Owners against the log: what they hold is in it or waits in the outbox, and what they published is there."""

from collections.abc import Iterator, Mapping

from chassis.outbox import COLLECTION as OUTBOX
from chassis.outbox import PENDING, PUBLISHED
from contracts.state import State
from readmodel.projections import MODELS, Stored
from roundtable.provisioning.services import WRITERS
from roundtable.verification.report import Difference, Kind, Report
from roundtable.verification.sequence import Known, Sequences
from roundtable.verification.snapshot import Snapshot, chunks

_FIELDS = ("version", "id", "last_event")


def compare_owners(at: Snapshot, force: str, sequences: Sequences, report: Report) -> None:
    """Every record of the force's owners, and every record of its log."""
    for model in MODELS:
        for chunk in chunks(at.find(model.service, model.collection, {"force": force}, _FIELDS)):
            report.compared(Kind.OWNERS, len(chunk))
            waiting = _waiting(at, model.service, chunk)
            for document in chunk:
                report.add(Kind.OWNERS, _of_one(at, model, document, sequences.known.get(document["_id"]), waiting))
    report.add(Kind.OWNERS, _without_owner(at, sequences))


def compare_outbox(at: Snapshot, force: str, sequences: Sequences, report: Report) -> None:
    """Every outbox record that counts as published."""
    for service in WRITERS:
        for record in at.find(service, OUTBOX, {"force": force, "status": PUBLISHED}, ("subject", "version")):
            report.compared(Kind.OUTBOX)
            if not sequences.has(f"{force}:{record['subject']}", record["version"]):
                found = Difference("published, and not in the log", force, record["_id"], f"{service}.{OUTBOX}", record["version"])
                report.add(Kind.OUTBOX, [found])


def against_log(document: Stored, known: Known | None, waiting: frozenset[str]) -> str | None:
    """In which way an owner's document does not agree with the log; None where it does.

    Args:
        document: `_id`, version and last event.
        known: what the log says of it.
        waiting: events that wait in the outbox.
    """
    version, event = document["version"], (document.get("last_event") or {}).get("id")
    if known is None or version > known.version:
        return None if event in waiting else "neither in the log nor in the outbox"
    if version < known.version:
        return f"older than the log, which is at {known.version}"
    return None if event == known.event else "of another event than the log's at this version"


def _waiting(at: Snapshot, service: str, documents: list[Stored] | list[dict[str, object]]) -> frozenset[str]:
    ids = [event["id"] for document in documents if isinstance(event := document.get("last_event"), Mapping)]
    found = at.by_ids(service, OUTBOX, ids, ("status",))
    return frozenset(key for key, record in found.items() if record["status"] == PENDING)


def _of_one(at: Snapshot, model: type[State], document: Stored, known: Known | None, waiting: frozenset[str]) -> Iterator[Difference]:
    what = against_log(document, known, waiting)
    if known is not None:
        known.owned = True
        if document["version"] < known.version and _caught_up(at, model, document["_id"], known):
            return
    if what:
        yield _difference(model, document["_id"], document["version"], what)


def _caught_up(at: Snapshot, model: type[State], key: str, known: Known) -> bool:
    """Whether the owner holds by now what the log held when it was read: later than the instant that MongoDB is compared at."""
    now = at.now(model.service, model.collection, key)
    return now is not None and int(now["version"]) >= known.version


def _difference(model: type[State], key: str, version: int, what: str) -> Difference:
    force, _, subject = key.partition(":")
    return Difference(what, force, subject, f"{model.service}.{model.collection}", version)


def _without_owner(at: Snapshot, sequences: Sequences) -> Iterator[Difference]:
    for key, known in sequences.known.items():
        model = known.model
        if model is not None and not known.owned and at.now(model.service, model.collection, key) is None:
            yield _difference(model, key, known.version, "in the log, and its owner has none")
