"""What anyone may see: words that were approved for the public, and public meetings to come. Nothing sealed is read here."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from chassis.mongo import Document
from chassis.recording import stored_id
from contracts.action import Action
from contracts.concern import Concern
from contracts.dates import instant
from contracts.meeting import Meeting
from contracts.state import State
from contracts.vocabulary import MeetingStatus, Visibility
from readmodel.filters import Where
from readmodel.opening import Record
from readmodel.store import Store


class Promised(BaseModel):
    """What a force promised, and what it did."""

    model_config = ConfigDict(frozen=True)

    id: str
    owner_role: str | None = None
    we_promised: str | None = None
    we_did: str | None = None
    due_on: str | None = None
    standing: bool = False
    status: str | None = None
    outcome: str | None = None
    published_at: str | None = None


class Published(BaseModel):
    """What you said, and what came of it. A promise that answers no published concern stands by itself."""

    model_config = ConfigDict(frozen=True)

    force: str
    id: str | None = None
    category: str | None = None
    neighbourhood_id: str | None = None
    status: str | None = None
    you_said: str | None = None
    published_at: str | None = None
    promises: list[Promised] = []


_SEALED_OUT = {"sealed": 0}
_MEETING = ("force", "id", "title", "kind", "starts_at", "ends_at", "venue", "neighbourhood_id")


class Topic(NamedTuple):
    """How many concerns and promises were published of one sort. A promise is of no category."""

    force: str
    neighbourhood_id: str | None
    category: str | None
    number: int


async def published(
    store: Store, force: str | None = None, neighbourhood: str | None = None, category: str | None = None, limit: int = 50
) -> list[Published]:
    """What was published, newest first: of one force, or of all; in one neighbourhood, or in all; about one thing, or about anything."""
    where = _public(force, neighbourhood)
    about = where if category is None else where | {"category": category}
    # A promise has no category: asked about one, only those that answer a concern are shown.
    concerns, recent = await asyncio.gather(
        _latest(store, Concern, about, limit), _latest(store, Action, where, limit if category is None else 0)
    )
    answered = await _answered(store, recent)
    chosen = {each["_id"]: each for each in [*concerns, *(each for each in answered if _is_of(each, neighbourhood, category))]}
    answers = {"answers": {"$in": [concern["id"] for concern in chosen.values()]}, **_public(force, None)}
    answering = await store.of(Action).find(answers, projection=_SEALED_OUT)
    actions = {action["_id"]: action for action in [*_alone_among(recent, answered), *answering]}
    return _joined(list(chosen.values()), list(actions.values()))[:limit]


async def topics(store: Store, force: str | None = None) -> list[Topic]:
    """What was published at all, of one force or of all, by where and what it is about."""
    names = ("force", "neighbourhood_id", "category")
    group = {"$group": {"_id": {name: {"$ifNull": [f"${name}", None]} for name in names}, "number": {"$sum": 1}}}
    stages = [{"$match": _public(force, None)}, group]
    said, promised = await asyncio.gather(store.of(Concern).aggregate(stages), store.of(Action).aggregate(stages))
    return [Topic(**row["_id"], number=row["number"]) for row in (*said, *promised)]


async def upcoming(
    store: Store, force: str | None = None, neighbourhood: str | None = None, limit: int = 20, now: datetime | None = None
) -> list[Record]:
    """Public meetings to come, soonest first."""
    where: Where = {"held_from": None, "status": MeetingStatus.SCHEDULED.value, "visibility": Visibility.PUBLIC.value, "sensitive": False}
    where |= _in(force, neighbourhood) | {"starts_at": {"$gte": instant(now or datetime.now(UTC))}}
    found = await store.of(Meeting).find(where, projection=_SEALED_OUT, sort=[("starts_at", 1)], limit=limit)
    return [{name: meeting.get(name) for name in _MEETING} for meeting in found]


async def _latest(store: Store, model: type[State], where: Where, limit: int) -> list[Document]:
    order = [("publication.published_at", -1), ("_id", -1)]
    return await store.of(model).find(where, projection=_SEALED_OUT, sort=order, limit=limit) if limit else []


async def _answered(store: Store, promises: Iterable[Document]) -> list[Document]:
    """The published concerns that promises answer, wherever and whatever they are about."""
    keys = sorted({stored_id(promise["force"], subject) for promise in promises for subject in promise["answers"]})
    return await store.of(Concern).find({"_id": {"$in": keys}, **_public(None, None)}, projection=_SEALED_OUT) if keys else []


def _alone_among(promises: Iterable[Document], answered: Iterable[Document]) -> list[Document]:
    """Those that answer no published concern: the others are shown with theirs, or not at all."""
    said = {each["_id"] for each in answered}
    return [each for each in promises if said.isdisjoint(stored_id(each["force"], subject) for subject in each["answers"])]


def _is_of(concern: Document, neighbourhood: str | None, category: str | None) -> bool:
    return neighbourhood in {None, concern.get("neighbourhood_id")} and category in {None, concern.get("category")}


def _public(force: str | None, neighbourhood: str | None) -> Where:
    return _in(force, neighbourhood) | {"publication.published_at": {"$gt": ""}, "sensitive": False}


def _in(force: str | None, neighbourhood: str | None) -> Where:
    found: Where = {} if force is None else {"force": force}
    return found if neighbourhood is None else found | {"neighbourhood_id": neighbourhood}


def _joined(concerns: Sequence[Document], actions: Iterable[Document]) -> list[Published]:
    answering: dict[tuple[str, str], list[Document]] = {}
    alone: list[Published] = []
    said = {(concern["force"], concern["id"]) for concern in concerns}
    for action in actions:
        answered = [own for subject in action["answers"] if (own := (action["force"], subject)) in said]
        for own in answered:
            answering.setdefault(own, []).append(action)
        if not answered:
            alone.append(_alone(action))
    heard = [_said(concern, answering.get((concern["force"], concern["id"]), [])) for concern in concerns]
    return sorted([*heard, *alone], key=lambda each: each.published_at or "", reverse=True)


def _said(concern: Document, actions: Iterable[Document]) -> Published:
    facts = {name: concern.get(name) for name in ("force", "id", "category", "neighbourhood_id", "status")}
    return Published(**facts, **_words(concern), promises=[_promised(action) for action in actions])


def _alone(action: Document) -> Published:
    promise = _promised(action)
    return Published(
        force=action["force"], neighbourhood_id=action.get("neighbourhood_id"), published_at=promise.published_at, promises=[promise]
    )


def _promised(action: Document) -> Promised:
    facts = {name: action[name] for name in ("id", "owner_role", "due_on", "standing", "status", "outcome") if name in action}
    return Promised(**facts, **_words(action))


def _words(record: Document) -> dict[str, Any]:
    """The approved words alone; whatever else a newer writer may put beside them stays where it is."""
    known = ("you_said", "we_promised", "we_did", "published_at")
    return {name: word for name, word in record["publication"].items() if name in known}
