"""Pages of a list: newest first, undated last, by a cursor that stays good while records come and go.

A list is made of strands: records whose date stands in one field, each strand in the order of one index. Their pages are merged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from chassis.mongo import Document
from contracts.action import Action
from contracts.concern import Concern
from contracts.dates import end_of_day, instant, start_of_day
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from contracts.vocabulary import MeetingStatus
from readmodel import cursors
from readmodel.filters import Filters, Where
from readmodel.mergers import merged_into
from readmodel.store import Store


class Place(NamedTuple):
    """Where a record stands in a list: those whose date is known first, then by date, as text, and then by id."""

    known: bool
    date: str
    key: str


_PLACE: Final = TypeAdapter(tuple[bool, str, str])
# Text is greater than the empty text; what is absent is not.
_GIVEN: Final = {"$gt": ""}


@dataclass(frozen=True)
class Strand:
    """Records of a list that stand in the order of one field.

    Attributes:
        date: the field; None for a strand of records that lack one.
        where: what else is true of the strand's records.
        until: where the date is a span of days (`held_from` to `held_to`), the field of its end; otherwise it is an instant.
        known: whether the field is the date of what happened. When something was entered late says nothing of when it was.
    """

    date: str | None
    where: Mapping[str, Any]
    until: str | None = None
    known: bool = True

    def within(self, since: str | None, until: str | None) -> Where | None:
        """The part of the strand that overlaps a period; None when nothing of it can."""
        if not self.known or self.date is None:
            if since is not None or until is not None:
                return None
            return dict(self.where) if self.date is None else {self.date: _GIVEN, **self.where}
        bounds: Where = dict(_GIVEN)
        if until is not None:
            bounds["$lte"] = until if self.until else _last_instant(until)
        if since is not None:
            # A span is at most a month: it begins no earlier than the month of its end.
            bounds["$gte"] = since[: len("2025-03")] if self.until else instant(start_of_day(since))
        ends: Where = {self.until: {"$gte": since}} if self.until and since else {}
        return {self.date: bounds, **ends, **self.where}

    def after(self, place: Place | None) -> Where | None:
        """What comes after a place in the list; None when nothing of the strand does."""
        if place is None or (place.known and not self.known):
            return {}
        if self.known and not place.known:
            return None
        if self.date is None:
            return {} if place.date else {"_id": {"$lt": place.key}}
        return {self.date: {"$lte": place.date}, "$or": [{self.date: {"$lt": place.date}}, {"_id": {"$lt": place.key}}]}

    def place(self, document: Document) -> Place:
        """Where a record of the strand stands."""
        return Place(self.known, "" if self.date is None else document[self.date], document["_id"])

    @property
    def order(self) -> Sequence[tuple[str, int]]:
        """The order of the strand's index."""
        return [("_id", -1)] if self.date is None else [(self.date, -1), ("_id", -1)]


def _noted(field: str, **where: Any) -> tuple[Strand, ...]:  # noqa: ANN401 - values of fields
    """Records dated by the instant at which they were noted, unless they were entered late."""
    return (
        Strand(field, {**where, "recorded_late": False}),
        Strand(field, {**where, "recorded_late": True}, known=False),
        Strand(None, {**where, "recorded_late": {"$in": [False, True]}, field: None}, known=False),
    )


def _registered() -> tuple[Strand, ...]:
    return Strand("registered_at", {}), Strand(None, {"registered_at": None}, known=False)


_HELD: Final = MeetingStatus.HELD.value
STRANDS: Final[Mapping[type[State], tuple[Strand, ...]]] = {
    Meeting: (
        Strand("held_from", {}, until="held_to"),
        Strand("starts_at", {"held_from": None, "status": {"$ne": _HELD}}),
        Strand("starts_at", {"held_from": None, "status": _HELD}, known=False),
        Strand(None, {"held_from": None, "starts_at": None}, known=False),
    ),
    Concern: (Strand("raised_from", {}, until="raised_to"), *_noted("raised_at", raised_from=None)),
    Action: _noted("opened_at"),
    Feedback: _noted("received_at"),
    Organisation: _registered(),
    Neighbourhood: _registered(),
}
"""How each kind of record is dated; as `projections.bucket` says of one record."""


async def listed(store: Store, forces: Sequence[str], filters: Filters, now: datetime) -> tuple[list[Document], str | None]:
    """One page of the records that match, and the cursor of the next one."""
    place = None if filters.cursor is None else Place(*cursors.read(filters.cursor, _PLACE, "cursor"))
    if filters.matches_nothing:
        return [], None
    own = filters.where(now, await _merged(store, forces, filters))
    found: list[tuple[Place, Document]] = []
    for strand in STRANDS[filters.model]:
        if strand.known or len(found) <= filters.limit:
            for where in _scopes(forces, filters):
                found += await _page(store, strand, [where, own], filters, place)
    found.sort(key=lambda each: each[0], reverse=True)
    page = found[: filters.limit]
    return [document for _, document in page], cursors.written(page[-1][0]) if len(found) > filters.limit else None


async def _merged(store: Store, forces: Sequence[str], filters: Filters) -> list[str]:
    """The organisations that count as the one that is asked for; whoever asks organisations for an id means that one alone."""
    if filters.organisation is None or filters.model is Organisation:
        return []
    return await merged_into(store, forces, filters.organisation)


async def _page(
    store: Store, strand: Strand, where: Sequence[Where], filters: Filters, place: Place | None
) -> list[tuple[Place, Document]]:
    within, after = strand.within(filters.since, filters.until), strand.after(place)
    if within is None or after is None:
        return []
    parts = [part for part in (*where, within, after) if part]
    documents = await store.of(filters.model).find({"$and": parts}, sort=strand.order, limit=filters.limit + 1)
    return [(strand.place(document), document) for document in documents]


def _scopes(forces: Sequence[str], filters: Filters) -> list[Where]:
    """The forces to look at: all at once, or one by one where words are searched, because that index is kept by force."""
    if filters.q is None:
        return [{"force": forces[0] if len(forces) == 1 else {"$in": list(forces)}}] if forces else []
    return [{"force": force, "$text": {"$search": _sought(filters.q)}} for force in forces]


def _sought(words: str) -> str:
    """One word as it is, because only so are its other forms found; of several, each as a phrase.

    MongoDB looks for any word of several but for all phrases, and takes whatever else stands in a word for a gap between two.
    """
    each = words.replace('"', " ").replace("\\", " ").split()
    return each[0] if len(each) == 1 and each[0].isalnum() else " ".join(f'"{word}"' for word in each)


def _last_instant(day: str) -> str:
    """The last millisecond of a London day."""
    return instant(end_of_day(day))[: -len("000Z")] + "999Z"
