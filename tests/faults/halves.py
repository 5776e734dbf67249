"""What was half written: owners' documents and outboxes that do not say the same. Both are read as they stand."""

from collections import defaultdict
from collections.abc import Iterator

from pymongo.database import Database

from roundtable.native import Engines
from tests.faults.evidence import Document

OWNED = {"meetings": ("organisations", "neighbourhoods", "meetings", "feedback"), "concerns": ("concerns", "actions")}


def half_written(engines: Engines, force: str) -> list[str]:
    """Where a force's documents and outboxes contradict each other, in words."""
    with engines.mongo.client() as client:
        return [difference for owner, collections in OWNED.items() for difference in _of(client[owner], collections, force)]


def _of(database: Database[Document], collections: tuple[str, ...], force: str) -> Iterator[str]:
    recorded: dict[str, dict[int, Document]] = defaultdict(dict)
    for record in database["outbox"].find({"force": force}):
        recorded[record["subject"]][record["version"]] = record["data"]
    stored = {document["id"]: document for name in collections for document in database[name].find({"force": force}, {"_id": 0})}
    for subject in sorted(recorded.keys() | stored.keys()):
        yield from _told_apart(subject, stored.get(subject), recorded.get(subject, {}))
    for receipt in database["idempotency"].find({"_id": {"$regex": f"^{force}:"}}):
        if stored.get(receipt["id"], {}).get("version", 0) < receipt["version"]:
            yield f"a request was answered as version {receipt['version']} of {receipt['id']}, which is not stored"


def _told_apart(subject: str, stored: Document | None, recorded: dict[int, Document]) -> Iterator[str]:
    if stored is None:
        yield f"{subject} has events, and no document"
    elif sorted(recorded) != list(range(1, stored["version"] + 1)):
        yield f"{subject} is stored at version {stored['version']}, and has events of the versions {sorted(recorded)}"
    elif recorded[stored["version"]] != stored:
        yield f"{subject} is stored otherwise than its event says"
