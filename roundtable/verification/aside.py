"""What a reader did not handle: the events that it holds parked, and those that an operator gave up for good."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import TopicPartition

from chassis.builds import without_build
from chassis.parked import COLLECTION as PARKED
from chassis.parked import DISCARDED, parked_id
from roundtable.provisioning.desk import Document
from roundtable.verification.log import Record
from roundtable.verification.report import Difference
from roundtable.verification.snapshot import Snapshot

_FIELDS: Final = ("topic", "partition", "offset", "reason", "error", "event", "parked", "because", "by")


@dataclass(frozen=True)
class Aside:
    """What one reader put aside.

    Attributes:
        parked: what waits for an operator.
        discarded: what an operator gave up.
    """

    parked: tuple[Document, ...] = ()
    discarded: tuple[Document, ...] = ()
    _ids: dict[tuple[str, int, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        """Note where they stand."""
        for each in (*self.parked, *self.discarded):
            self._ids[each["topic"], each["partition"], each["offset"]].add(_known_as(each))

    def has(self, topic: str, partition: int, record: Record) -> bool:
        """Whether this very record was put aside; in a topic that was made anew, another one may stand in its place."""
        ids = self._ids.get((topic, partition, record.offset))
        return ids is not None and parked_id(TopicPartition(topic, partition), record) in ids


def aside(at: Snapshot, reader: str, force: str, own: Mapping[str, Any]) -> Aside:
    """What a reader put aside of a force; `own` says which parked events count."""
    parked = tuple(at.find(reader, PARKED, {"force": force, **own}, _FIELDS))
    return Aside(parked, tuple(at.find(reader, DISCARDED, {"force": force}, _FIELDS)))


def still_parked(events: Iterable[Document], force: str, where: str) -> Iterator[Difference]:
    """Every event that waits: of its record there may be an older version, or none, until it is redriven or the record changes."""
    for each in events:
        reason = each.get("reason") or each["error"]
        yield _told(each, f"parked ({reason}), so that its record may lag behind the log", force, where)


def given_up(events: Iterable[Document], force: str, where: str) -> Iterator[Difference]:
    """Every event that was discarded, by whom and why."""
    for each in events:
        yield _told(each, f"discarded by {each.get('by')} ({each.get('because')})", force, where)


def _told(event: Document, what: str, force: str, where: str) -> Difference:
    known = event.get("event") or {}
    version = int(known["sequence"]) if "sequence" in known else None
    place = f"{where}, as {_known_as(event)}"
    return Difference(what, force, known.get("subject") or "an unknown record", place, version)


def _known_as(event: Document) -> str:
    """How an operator names it, also once it was discarded."""
    return event.get("parked") or without_build(event["_id"])
