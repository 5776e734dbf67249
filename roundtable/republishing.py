"""Republishing: puts the events that made records what they are back into their owners' outboxes, from which the relay sends them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from pymongo.collection import Collection
from pymongo.read_concern import ReadConcern

from chassis.outbox import COLLECTION as OUTBOX
from chassis.outbox import again
from chassis.recording import stored_id
from contracts import events as _events  # noqa: F401 - importing it fills the registry
from contracts.event import EVENTS, type_of
from contracts.state import State
from readmodel.projections import MODELS
from roundtable.errors import OperatorError
from roundtable.provisioning.desk import Document, Provisioning

# What is not of the majority may be rolled back: it must not be sent.
_SETTLED: Final = ReadConcern("majority")


@dataclass(frozen=True)
class Wanted:
    """Which records of a force to send again: one of them, those whose newest event is of some types, or all."""

    force: str
    subject: str | None = None
    types: tuple[str, ...] = ()

    @classmethod
    def of(cls, force: str, subject: str | None, types: Iterable[str]) -> Self:
        """Of types that are given in full or by name; raises OperatorError for one that there is not."""
        full = tuple(each if each in EVENTS else type_of(each) for each in types)
        if unknown := [each for each in full if each not in EVENTS]:
            message = f"{unknown[0]!r} is no type of event: the catalogue lists them, such as concern-raised"
            raise OperatorError(message)
        return cls(force, subject, full)

    @property
    def filter(self) -> dict[str, Any]:
        """The documents of its owners that it means."""
        one = {"_id": stored_id(self.force, self.subject)} if self.subject else {}
        return {"force": self.force} | one | ({"last_event.type": {"$in": list(self.types)}} if self.types else {})


def republish_records(desk: Provisioning, wanted: Wanted) -> int:
    """Send records again; how many. What the relay carries next is each one's newest state, after whatever of it still waits."""
    return sum(1 for model in MODELS for key in _keys(desk, model, wanted) if _send_again(desk, model, key))


def _keys(desk: Provisioning, model: type[State], wanted: Wanted) -> Iterator[str]:
    for document in _records(desk, model).find(wanted.filter, ["_id"]):
        yield document["_id"]


def _send_again(desk: Provisioning, model: type[State], key: str) -> bool:
    """Send a record's newest event, and the next one if it was amended meanwhile: the last that is sent is always the newest."""
    sent = None
    while (state := _records(desk, model).find_one({"_id": key})) is not None and state["version"] != sent:
        where, update = _once_more(model, state)
        desk.database(model.service)[OUTBOX].update_one(where, update, upsert=True)
        sent = state["version"]
    return sent is not None


def _once_more(model: type[State], state: Document) -> tuple[Document, Document]:
    try:
        return again(model.service, state)
    except ValueError as error:
        message = f"{model.collection} {state['_id']} does not say which event made it what it is: `roundtable verify` names what differs"
        raise OperatorError(message) from error


def _records(desk: Provisioning, model: type[State]) -> Collection[Document]:
    return desk.database(model.service)[model.collection].with_options(read_concern=_SETTLED)
