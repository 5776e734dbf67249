"""What stands parked, and what an operator asks of it: the service that parked an event does it, and answers on the record."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import uuid4

from chassis.builds import key_in, without_build
from roundtable.errors import OperatorError
from roundtable.live_model import of_live
from roundtable.provisioning import Provisioning
from roundtable.provisioning.desk import Document
from roundtable.provisioning.services import READERS

_TICK: Final = 0.2
_SHOWN: Final[Document] = {
    **dict.fromkeys(("force", "topic", "partition", "offset", "logged_at", "event", "reason", "error", "why"), 1),
    **dict.fromkeys(("release", "attempts", "parked_at", "tried_at", "wish"), 1),
    "headers": "$headers.name",
    "bytes": {"$binarySize": "$value"},
}
"""What is shown of a parked event: everything but what was sent."""
Does = Literal["redrive", "discard"]


@dataclass(frozen=True)
class Parked:
    """An event that a service holds parked, as far as it is shown."""

    service: str
    shown: Document

    @property
    def id(self) -> str:
        """Where it stands in the log, and a digest of it; the same in every service that parked it."""
        return without_build(self.shown["_id"])

    def as_json(self) -> dict[str, Any]:
        """What a program reads."""
        facts = {name: value for name, value in self.shown.items() if name not in {"_id", "wish"}}
        return {"id": self.id, "service": self.service, **{name: _written(value) for name, value in facts.items()}}


@dataclass(frozen=True)
class Outcome:
    """What came of a wish: done, or why not."""

    parked: Parked
    done: bool = False
    why: str = "its service has not come to it yet: it does so when it runs"


def parked_events(desk: Provisioning, service: str | None = None, force: str | None = None, ids: Sequence[str] = ()) -> list[Parked]:
    """The parked events of one service or all, one force or all; with ids, those alone.

    Raises:
        OperatorError: there is no such service, or nothing is parked under one of the ids.
    """
    if service is not None and service not in READERS:
        message = f"{service!r} parks nothing: choose from {', '.join(READERS)}"
        raise OperatorError(message)
    found = [each for name in READERS if service in {None, name} for each in _of_service(desk, name, force, ids)]
    if missing := set(ids) - {each.id for each in found}:
        message = f"nothing is parked under {', '.join(sorted(missing))}: `roundtable parked list` shows what is"
        raise OperatorError(message)
    return found


def _of_service(desk: Provisioning, service: str, force: str | None, ids: Sequence[str]) -> Iterator[Parked]:
    own = of_live(desk, service)
    named = {"_id": {"$in": [key_in(own["build"], each) for each in ids]}} if ids else {}
    where = own | ({"force": force} if force else {}) | named
    stages: list[Document] = [{"$match": where}, {"$sort": {"topic": 1, "partition": 1, "offset": 1}}, {"$project": _SHOWN}]
    for each in desk.database(service)["parked"].aggregate(stages):
        yield Parked(service, each)


def ask(desk: Provisioning, events: Sequence[Parked], does: Does, by: str, why: str, seconds: float) -> Iterator[Outcome]:
    """Ask the services to redrive or discard events, and tell what comes of each; what nobody came to in time is told last.

    Args:
        desk: the running stack.
        events: the parked events.
        does: what is asked for.
        by: who asks.
        why: the reason, kept with what is discarded.
        seconds: how long to wait for all of them.
    """
    wish = {"id": uuid4().hex, "does": does, "by": by, "why": why, "at": datetime.now(UTC)}
    for each in events:
        desk.database(each.service)["parked"].update_one({"_id": each.shown["_id"]}, {"$set": {"wish": wish}, "$unset": {"answered": ""}})
    waiting, deadline = list(events), time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        outcomes = [outcome for each in waiting if (outcome := _outcome(desk, each, wish)) is not None]
        yield from outcomes
        told = {(outcome.parked.service, outcome.parked.id) for outcome in outcomes}
        waiting = [each for each in waiting if (each.service, each.id) not in told]
        time.sleep(_TICK if waiting else 0)
    yield from map(Outcome, waiting)


def _outcome(desk: Provisioning, event: Parked, wish: Document) -> Outcome | None:
    """What came of a wish, or None as long as nobody came to it."""
    database = desk.database(event.service)
    found = database["parked"].find_one({"_id": event.shown["_id"]}, {"wish.id": 1, "answered": 1, "why": 1})
    if found is None:
        discarded = database["discarded"].find_one({"parked": event.id}, sort=[("discarded_at", -1)])
        was_discarded = discarded is not None and discarded["discarded_at"] >= event.shown["parked_at"]
        done = Outcome(event, done=True, why="")
        return done if was_discarded == (wish["does"] == "discard") else replace(done, done=False, why="someone else dealt with it")
    if found.get("answered") == wish["id"]:
        return Outcome(event, why=found["why"])
    return None if found.get("wish", {}).get("id") == wish["id"] else Outcome(event, why="someone else asks for something else")


def _written(value: Any) -> Any:  # noqa: ANN401 - whatever a document holds
    return f"{value:%Y-%m-%dT%H:%M:%S}Z" if isinstance(value, datetime) else value
