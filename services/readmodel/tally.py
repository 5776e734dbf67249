"""Figures in the shape that they are shown in, and how a figure's name is written in a bucket."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Self
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field

from readmodel.projections import Figure


class Figures(BaseModel):
    """A group of figures. One that nothing added to is 0; a code that nobody used is absent."""

    model_config = ConfigDict(frozen=True)


Codes = dict[str, int]


class MeetingFigures(Figures):
    """Meetings recorded, by status and kind, and those that were held."""

    recorded: int = 0
    held: int = 0
    sensitive: int = 0
    by_status: Codes = {}
    by_kind: Codes = {}
    held_by_kind: Codes = {}


class AttendanceFigures(Figures):
    """Who came to the meetings that were held. An organisation counts each time that it came."""

    organisations: int = 0
    named: int = 0
    not_named: int = 0
    heads: int = 0


class ConcernFigures(Figures):
    """Concerns raised, what became of them, and how soon they were answered."""

    raised: int = 0
    open: int = 0
    closed: int = 0
    sensitive: int = 0
    responded: int = 0
    responded_in_time: int = 0
    responded_late: int = 0
    published: int = 0
    by_category: Codes = {}
    by_status: Codes = {}
    by_strand: Codes = {}
    by_priority: Codes = {}
    status_by_category: dict[str, Codes] = {}


class ActionFigures(Figures):
    """Actions promised, and what came of them."""

    opened: int = 0
    open: int = 0
    closed: int = 0
    standing: int = 0
    published: int = 0
    sensitive: int = 0
    by_outcome: Codes = {}


class FeedbackFigures(Figures):
    """Sums of confidence, 1 to 5, with the number of answers that each is a sum of; `change` is of those who gave both."""

    received: int = 0
    sensitive: int = 0
    before_sum: int = 0
    before_count: int = 0
    after_sum: int = 0
    after_count: int = 0
    change_sum: int = 0
    change_count: int = 0


class OrganisationFigures(Figures):
    """Organisations that stand for themselves, and those merged into another."""

    registered: int = 0
    merged: int = 0
    sensitive: int = 0
    by_strand: Codes = {}


class NeighbourhoodFigures(Figures):
    """Neighbourhoods that are named."""

    registered: int = 0
    sensitive: int = 0


class NowFigures(Figures):
    """What does not add up: distinct organisations that were met in the period, and what is overdue or open now."""

    organisations_met: int = 0
    first_response_overdue: int = 0
    actions_overdue: int = 0
    nothing_promised: int = 0


class Tally(Figures):
    """All figures of a force, or of several. A sensitive record counts under `sensitive` alone."""

    meetings: MeetingFigures = Field(default_factory=MeetingFigures)
    attendance: AttendanceFigures = Field(default_factory=AttendanceFigures)
    concerns: ConcernFigures = Field(default_factory=ConcernFigures)
    actions: ActionFigures = Field(default_factory=ActionFigures)
    feedback: FeedbackFigures = Field(default_factory=FeedbackFigures)
    organisations: OrganisationFigures = Field(default_factory=OrganisationFigures)
    neighbourhoods: NeighbourhoodFigures = Field(default_factory=NeighbourhoodFigures)
    now: NowFigures = Field(default_factory=NowFigures)

    @classmethod
    def of(cls, counts: Mapping[Figure, int], now: NowFigures | None = None) -> Self:
        """The shape that figures are shown in; those that add up to nothing are left out."""
        nested: dict[str, Any] = {"now": now or NowFigures()}
        for figure, number in counts.items():
            if number:
                *groups, last = figure
                _group(nested, groups)[last] = number
        return cls.model_validate(nested)


@lru_cache(4096)
def field_of(figure: Figure) -> str:
    """A figure's name as a field of a bucket. A code may hold anything, a field's name neither a full stop nor a dollar sign."""
    return "/".join(quote(part, safe="").replace(".", "%2E") for part in figure)


def figure_of(field: str) -> Figure:
    """The figure that a field of a bucket counts."""
    return tuple(unquote(part) for part in field.split("/"))


def summed(buckets: Iterable[Mapping[str, Any]]) -> Counter[Figure]:
    """The sum of buckets."""
    total: Counter[str] = Counter()
    for bucket in buckets:
        total.update(bucket.get("counts", {}))
    found: Counter[Figure] = Counter()
    for field, number in total.items():
        found[figure_of(field)] += number
    return found


def _group(nested: dict[str, Any], groups: Iterable[str]) -> dict[str, Any]:
    for group in groups:
        nested = nested.setdefault(group, {})
    return nested
