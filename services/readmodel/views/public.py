"""What anyone may see: words that were approved for the public, and public meetings to come. Nothing sealed is read here."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from chassis.mongo import Document
from contracts.concern import Action, Concern
from contracts.dates import instant
from contracts.meeting import Meeting
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


async def published(store: Store, force: str | None = None, neighbourhood: str | None = None, limit: int = 50) -> list[Published]:
    """What was published, newest first: of one force, or of all; in one neighbourhood, or in all."""
    where = _public(force, neighbourhood)
    order = [("publication.published_at", -1), ("_id", -1)]
    concerns, recent = await asyncio.gather(
        store.of(Concern).find(where, projection=_SEALED_OUT, sort=order, limit=limit),
        store.of(Action).find(where, projection=_SEALED_OUT, sort=order, limit=limit),
    )
    answers = {"answers": {"$in": [concern["id"] for concern in concerns]}, **_public(force, None)}
    actions = {action["_id"]: action for action in [*recent, *await store.of(Action).find(answers, projection=_SEALED_OUT)]}
    return _joined(concerns, list(actions.values()))[:limit]


async def upcoming(
    store: Store, force: str | None = None, neighbourhood: str | None = None, limit: int = 20, now: datetime | None = None
) -> list[Record]:
    """Public meetings to come, soonest first."""
    where: Where = {"held_from": None, "status": MeetingStatus.SCHEDULED.value, "visibility": Visibility.PUBLIC.value, "sensitive": False}
    where |= _in(force, neighbourhood) | {"starts_at": {"$gte": instant(now or datetime.now(UTC))}}
    found = await store.of(Meeting).find(where, projection=_SEALED_OUT, sort=[("starts_at", 1)], limit=limit)
    return [{name: meeting.get(name) for name in _MEETING} for meeting in found]


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
