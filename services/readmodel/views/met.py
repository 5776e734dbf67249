"""Which organisations were met, and when last: one look into an index for each organisation, however many meetings there are."""

import asyncio
from collections.abc import Mapping, Sequence

from chassis.mongo import Document
from contracts.meeting import Meeting
from contracts.places import Organisation
from contracts.vocabulary import MeetingStatus
from readmodel.filters import Where
from readmodel.store import Store

Own = tuple[str, str]
"""A force and the id of an organisation of it."""
Met = dict[Own, str | None]
"""The last day on which an organisation may have been met; None when it was met, and the date is not known."""
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
                met[own] = max(met.get(own) or "", row["held"][0].get("held_to") or "") or None
    return met


def standing(subject: str, into: Mapping[str, str]) -> str:
    """The organisation that stands for one at the end of a chain of mergers; in a circle, some member of it."""
    passed = {subject}
    while (following := into.get(subject)) is not None and following not in passed:
        passed.add(following)
        subject = following
    return subject


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
        "pipeline": [{"$match": held}, {"$sort": {"held_to": -1}}, {"$limit": 1}, {"$project": {"_id": 0, "held_to": 1}}],
        "as": "held",
    }
    known = {"$match": {"force": force, "erased_at": None}}
    return await store.of(Organisation).aggregate([known, {"$project": {"_id": 0, "id": 1, "merged_into": 1}}, {"$lookup": lookup}])
