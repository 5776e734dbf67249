"""Figures of a period: the buckets that overlap it, added up, and what does not add up as indexed queries."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from chassis.mongo import Document
from contracts.action import Action
from contracts.concern import Concern
from contracts.state import State
from readmodel.filters import Where, both, open_concerns, overdue_actions, overdue_responses
from readmodel.store import Store
from readmodel.tally import NowFigures, Tally, summed
from readmodel.views.met import last_met

_MONTH: Final = len("2025-03")
_SOUGHT_AT_ONCE: Final = 10_000
"""Ids in one query: a command may be 16 MiB long."""


class Summary(BaseModel):
    """Figures of a period, of all the forces together and of each."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    from_: str | None = Field(None, alias="from")
    to: str | None = None
    total: Tally
    by_force: dict[str, Tally]


class Month(BaseModel):
    """A force's figures of one month; of null, those whose month is not known."""

    model_config = ConfigDict(frozen=True)

    force: str
    month: str | None
    figures: Tally


async def summary(store: Store, forces: Sequence[str], since: str | None, until: str | None, now: datetime | None = None) -> Summary:
    """Figures of the days from `since` to `until`, both included; undated ones count only when neither is given."""
    at = now or datetime.now(UTC)
    found, current = await asyncio.gather(_buckets(store, forces, since, until), _now(store, forces, since, until, at))
    by_force = {force: [bucket for bucket in found if bucket["force"] == force] for force in forces}
    everything = NowFigures(**{name: sum(getattr(each, name) for each in current.values()) for name in NowFigures.model_fields})
    tallies = {force: Tally.of(summed(buckets), current[force]) for force, buckets in by_force.items()}
    return Summary(from_=since, to=until, total=Tally.of(summed(found), everything), by_force=tallies)


async def by_month(store: Store, forces: Sequence[str], since: str | None, until: str | None) -> list[Month]:
    """The additive figures of each force and month, oldest first and those without a month last."""
    grouped: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for bucket in await _buckets(store, forces, since, until):
        grouped[(bucket["date"] or "")[:_MONTH], bucket["force"]].append(bucket)
    months = sorted(grouped.items(), key=lambda item: (item[0][0] == "", item[0]))
    return [Month(force=force, month=month or None, figures=Tally.of(summed(buckets))) for (month, force), buckets in months]


async def _buckets(store: Store, forces: Sequence[str], since: str | None, until: str | None) -> list[Document]:
    where: Where = {"force": {"$in": list(forces)}}
    if until is not None:
        where["first"] = {"$gt": "", "$lte": until}
    if since is not None:
        where["last"] = {"$gte": since}
    return await store.figures.find(where) if forces else []


async def _now(store: Store, forces: Sequence[str], since: str | None, until: str | None, now: datetime) -> dict[str, NowFigures]:
    if not forces:
        return {}
    among = {"force": {"$in": list(forces)}, "sensitive": False}
    met, responses, actions, nothing = await asyncio.gather(
        _met(store, forces, since, until),
        counted(store, Concern, among | overdue_responses(now)),
        counted(store, Action, among | overdue_actions(now)),
        nothing_promised(store, among),
    )
    return {
        force: NowFigures(
            organisations_met=met[force],
            first_response_overdue=responses.get(force, 0),
            actions_overdue=actions.get(force, 0),
            nothing_promised=nothing.get(force, 0),
        )
        for force in forces
    }


async def counted(store: Store, model: type[State], where: Where) -> dict[str, int]:
    """How many records match, by force."""
    rows = await store.of(model).aggregate([{"$match": where}, {"$group": {"_id": "$force", "number": {"$sum": 1}}}])
    return {row["_id"]: row["number"] for row in rows}


async def nothing_promised(store: Store, among: Where) -> Counter[str]:
    """How many open concerns there are for which nothing was promised, by force."""
    return Counter(each["force"] for each in await unanswered(store, among))


def open_among(among: Where) -> Where:
    """Concerns that are open, of those among which to look."""
    return both(among, {"erased_at": None, **open_concerns()})


async def unanswered(store: Store, among: Where) -> list[Document]:
    """Open concerns for which nothing was promised: the force, id and `raised_at` of each."""
    # Named, because MongoDB tries a hundred records by each index: where the newest hundred are open, that of all records does as well.
    index, shown = store.hint(Concern, "open"), {"_id": 0, "force": 1, "id": 1, "raised_at": 1}
    found = await store.of(Concern).find(open_among(among), projection=shown, hint=index)
    promised: set[tuple[str, str]] = set()
    for some in (found[begin : begin + _SOUGHT_AT_ONCE] for begin in range(0, len(found), _SOUGHT_AT_ONCE)):
        promised |= await _promised(store, among["force"], [each["id"] for each in some])
    return [each for each in found if (each["force"], each["id"]) not in promised]


async def _promised(store: Store, force: object, concerns: Sequence[str]) -> set[tuple[str, str]]:
    """Force and id of the concerns that any action answers. A join by MongoDB takes ten times as long as looking them up together."""
    answers = {"force": force, "answers": {"$in": concerns}}
    actions = await store.of(Action).find(answers, projection={"_id": 0, "force": 1, "answers": 1})
    return {(action["force"], concern) for action in actions for concern in action["answers"]}


async def _met(store: Store, forces: Sequence[str], since: str | None, until: str | None) -> Counter[str]:
    """Distinct organisations that came to a meeting of the period and are named."""
    return Counter(force for force, _ in await last_met(store, forces, since, until))
