"""What needs attention now: late first responses, promises whose day has passed, and concerns for which nothing was promised."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from typing import NamedTuple

from chassis.mongo import Document
from chassis.recording import stored_id
from contracts.action import Action
from contracts.concern import Concern
from readmodel.access import Reader
from readmodel.filters import Where, overdue_actions, overdue_responses
from readmodel.opening import Record, opened
from readmodel.store import Store
from readmodel.views.figures import counted, nothing_promised, open_among, unanswered


class Sensitive(NamedTuple):
    """How many sensitive records need attention: figures leave them out."""

    overdue_responses: int = 0
    overdue_actions: int = 0
    nothing_promised: int = 0


class Attention(NamedTuple):
    """Records that need attention, the worst first, and how many of all there are that are sensitive."""

    overdue_responses: list[Record]
    overdue_actions: list[Record]
    nothing_promised: list[Record]
    sensitive: Sensitive


async def of(store: Store, reader: Reader, forces: Sequence[str], limit: int = 20, now: datetime | None = None) -> Attention:
    """What needs attention in some forces, at most `limit` records of each sort.

    Raises:
        Refusal: 403 when one of the forces is not granted.
    """
    at = now or datetime.now(UTC)
    among = {"force": {"$in": list(reader.scope(forces))}}
    responses, actions, nothing, sensitive = await asyncio.gather(
        store.of(Concern).find(among | overdue_responses(at), sort=[("response_due", 1)], limit=limit),
        store.of(Action).find(among | overdue_actions(at), sort=[("due_on", 1)], limit=limit),
        _unanswered(store, among, limit),
        _sensitive(store, among | {"sensitive": True}, at),
    )
    sealed = [(Concern, each) for each in responses] + [(Action, each) for each in actions] + [(Concern, each) for each in nothing]
    shown = await opened(store.keys, reader, sealed)
    cuts = (len(responses), len(responses) + len(actions))
    return Attention(shown[: cuts[0]], shown[cuts[0] : cuts[1]], shown[cuts[1] :], sensitive)


async def _unanswered(store: Store, among: Where, limit: int) -> list[Document]:
    """Those that have waited longest."""
    found = nsmallest(limit, await unanswered(store, among), key=lambda each: each.get("raised_at") or "")
    wanted = [stored_id(each["force"], each["id"]) for each in found]
    # Asked once more: one may have ended, or have been erased, since they were looked for.
    return await store.of(Concern).find({"_id": {"$in": wanted}, **open_among(among)}, sort=[("raised_at", 1)])


async def _sensitive(store: Store, among: Where, at: datetime) -> Sensitive:
    counts = await asyncio.gather(
        counted(store, Concern, among | overdue_responses(at)),
        counted(store, Action, among | overdue_actions(at)),
        nothing_promised(store, among),
    )
    return Sensitive(*(sum(count.values()) for count in counts))
