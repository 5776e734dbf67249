"""Which organisations were met, and when last: one look into an index for each organisation, however many meetings there are."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from chassis.mongo import Document
from contracts.meeting import Meeting
from contracts.places import Organisation
from contracts.vocabulary import MeetingStatus
from readmodel.filters import Where
from readmodel.mergers import standing
from readmodel.store import Store

Own = tuple[str, str]
"""A force and the id of an organisation of it."""


class Last(NamedTuple):
    """When an organisation was met last: the last day on which that may have been, and the date as it is known; None when it is not."""

    until: str
    known: str | None


Met = dict[Own, Last]
NOT_DATED: Final = Last("", None)
_NAMED = "attendance.named.organisation_id"


async def last_met(store: Store, forces: Sequence[str], since: str | None = None, until: str | None = None) -> Met:
    """Organisations that came to a held meeting and are named; one that was merged counts as the one that stays.

    Args:
        store: the read model.
        forces: the forces to look at.
        since: first day of a period that the meeting may have been in.
        until: its last day.
    """
    met: Met = {}
    for force, rows in zip(forces, await asyncio.gather(*(_rows(store, force, since, until) for force in forces)), strict=True):
        into = {row["id"]: row["merged_into"] for row in rows if row.get("merged_into")}
        for row in rows:
            if row["held"]:
                own = (force, standing(row["id"], into))
                met[own] = max(met.get(own, NOT_DATED), _last(row["held"][0]), key=lambda last: last.until)
    return met


def _last(held: Document) -> Last:
    return Last(held["held_to"], held.get("held_on")) if held.get("held_to") else NOT_DATED


async def _rows(store: Store, force: str, since: str | None, until: str | None) -> list[Document]:
    held: Where = {"force": force, "status": MeetingStatus.HELD.value}
    if since is not None:
        held["held_to"] = {"$gte": since}
    if until is not None:
        held["held_from"] = {"$gt": "", "$lte": until}
    lookup = {
        "from": store.name_of(Meeting.collection),
        "localField": "id",
        "foreignField": _NAMED,
        "pipeline": [{"$match": held}, {"$sort": {"held_to": -1}}, {"$limit": 1}, {"$project": {"_id": 0, "held_to": 1, "held_on": 1}}],
        "as": "held",
    }
    known = {"$match": {"force": force, "erased_at": None}}
    return await store.of(Organisation).aggregate([known, {"$project": {"_id": 0, "id": 1, "merged_into": 1}}, {"$lookup": lookup}])
