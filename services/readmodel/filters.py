"""What the lists can be asked for. Every filter is over clear fields: what is sealed is found by nobody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.action import Action
from contracts.concern import Concern
from contracts.dates import instant, span, today
from contracts.entry import problem, refuse
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from contracts.vocabulary import ActionStatus, Resolution

MOST: Final = 200
WRONG_DATE: Final = problem("wrong_date", "Must be YYYY-MM-DD, or YYYY-MM for a whole month")
WRONG_TEXT: Final = problem("wrong_text", "Must be text to look for")
Where = dict[str, Any]


def _known(date: str) -> str:
    try:
        span(date)
    except ValueError:
        raise WRONG_DATE from None
    return date


def _sought(text: str) -> str:
    if not text.strip():
        raise WRONG_TEXT
    return text


KnownDate = Annotated[str, AfterValidator(_known)]
Code = Annotated[str, Field(max_length=100)]
Codes = Annotated[list[Code], Field(max_length=50)]
SoughtWords = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_sought)]
Reference = Annotated[str, Field(min_length=1, max_length=100)]


class Forces(BaseModel):
    """Which forces to look at. What is not understood is refused, so that a misspelt filter does not show everything."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)

    force: Annotated[list[Code], Field(max_length=100, description="Slugs of forces; all that are granted when none is named")] = []


class Period(Forces):
    """Which days to look at: days or months, both included. What may have been on one of them matches; undated records do not."""

    from_: KnownDate | None = Field(None, alias="from", description="First day or month", examples=["2025-05-01"])
    to: KnownDate | None = Field(None, description="Last day or month", examples=["2025-05"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        since, until = self.since, self.until
        if since is not None and until is not None and since > until:
            raise refuse(type(self), {"to": problem("wrong_order", "Must not be before `from`")})
        return self

    @property
    def since(self) -> str | None:
        """The first day that is asked for."""
        bounds = span(self.from_)
        return bounds[0] if bounds else None

    @property
    def until(self) -> str | None:
        """The last day that is asked for."""
        bounds = span(self.to)
        return bounds[1] if bounds else None


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _id_of(*names: str) -> dict[str, str]:
    return {name: f"{name}_id" for name in names}


SHARED: Final = ("status", "kind", "category", "organisation", "neighbourhood")
"""The filters that every list takes, whether or not its records have the field."""


class Filters(Period):
    """What every list understands. A filter over a field that its records do not have matches none of them."""

    model: ClassVar[type[State]]
    paths: ClassVar[Mapping[str, str]] = {}
    """The filters that compare a field, and where that field stands in a record."""
    searched: ClassVar[bool] = True
    """Whether the records have clear words to search."""

    status: Codes = []
    kind: Codes = []
    category: Codes = []
    organisation: Reference | None = Field(None, description="Id of an organisation; those merged into it count as it")
    neighbourhood: Reference | None = Field(None, description="Id of a neighbourhood")
    q: SoughtWords | None = Field(None, description="Words that must all stand in clear fields or published words", examples=["mosques"])
    limit: int = Field(50, ge=1, le=MOST, description="Items on a page")
    cursor: Annotated[str, Field(max_length=500)] | None = Field(None, description="`next` of the page before")

    @property
    def matches_nothing(self) -> bool:
        """Whether something is asked for that no record of this kind has."""
        lacking = any(getattr(self, name) for name in SHARED if name not in self.paths)
        return lacking or (self.q is not None and not self.searched)

    def where(self, now: datetime, merged: Sequence[str] = ()) -> Where:
        """The filters on fields, as MongoDB understands them; erased records are in no list.

        Args:
            now: the instant at which something is overdue or not.
            merged: ids of the organisations that were merged into the one that is asked for.
        """
        del now
        found: Where = {"erased_at": None}
        for name, path in self.paths.items():
            value = getattr(self, name)
            wanted = value if isinstance(value, list) else [] if value is None else [value]
            wanted = [*wanted, *(merged if name == "organisation" else ())]
            if wanted:
                found[path] = wanted[0] if len(wanted) == 1 else {"$in": wanted}
        return found


class MeetingFilters(Filters):
    """What meetings can be asked for."""

    model = Meeting
    paths = {
        **_same("status", "kind", "series", "visibility", "sensitive"),
        "organisation": "attendance.named.organisation_id",
        "neighbourhood": "neighbourhood_id",
    }

    visibility: Codes = []
    series: Reference | None = None
    organisation: Reference | None = Field(
        None, description="Id of an organisation that came, and is named; those merged into it count as it"
    )
    sensitive: bool | None = None


class ConcernFilters(Filters):
    """What concerns can be asked for."""

    model = Concern
    paths = {
        **_same("status", "category", "strand", "priority", "sensitive"),
        **_id_of("organisation", "neighbourhood", "meeting"),
    }

    strand: Codes = []
    priority: Codes = []
    meeting: Reference | None = None
    sensitive: bool | None = None
    overdue: bool | None = Field(None, description="Whether the first response is overdue now")

    def where(self, now: datetime, merged: Sequence[str] = ()) -> Where:
        """As for every list, and what is overdue at this instant, or is not."""
        return both(super().where(now, merged), _whether(self.overdue, overdue_responses(now)))


class ActionFilters(Filters):
    """What actions can be asked for."""

    model = Action
    paths = {
        **_same("status", "outcome", "standing", "sensitive", "answers"),
        **_id_of("organisation", "neighbourhood", "meeting"),
        "owner": "owner_role",
    }

    outcome: Codes = []
    owner: Reference | None = Field(None, description="The office that owes it, as it is written", examples=["Chief Constable"])
    meeting: Reference | None = None
    answers: Reference | None = Field(None, description="Id of a concern that it answers")
    standing: bool | None = None
    sensitive: bool | None = None
    overdue: bool | None = Field(None, description="Whether it is open, and its day has passed")

    def where(self, now: datetime, merged: Sequence[str] = ()) -> Where:
        """As for every list, and what is overdue today, or is not."""
        return both(super().where(now, merged), _whether(self.overdue, overdue_actions(now)))


class OrganisationFilters(Filters):
    """What organisations can be asked for."""

    model = Organisation
    paths = _same("status", "kind", "strand") | _id_of("neighbourhood") | {"organisation": "id"}

    strand: Codes = []
    organisation: Reference | None = Field(None, description="Its own id")


class NeighbourhoodFilters(Filters):
    """What neighbourhoods can be asked for."""

    model = Neighbourhood
    paths: ClassVar[Mapping[str, str]] = {"neighbourhood": "id"}

    neighbourhood: Reference | None = Field(None, description="Its own id")


class FeedbackFilters(Filters):
    """What feedback can be asked for. Its words are sealed, so that no search finds any."""

    model = Feedback
    paths = _same("sensitive") | _id_of("meeting", "organisation")
    searched = False

    meeting: Reference | None = None
    sensitive: bool | None = None


def open_concerns() -> Where:
    """Concerns that have not ended. The instant says so to the index `open`, the status to whoever reads."""
    return {"closed_at": None, "status": {"$nin": list(Resolution)}}


def overdue_responses(now: datetime) -> Where:
    """Concerns that had no first response in time, and have none yet."""
    return {"responded_at": None, "response_due": {"$gt": "", "$lt": instant(now)}, **open_concerns()}


def overdue_actions(now: datetime) -> Where:
    """Open actions whose day has passed in London."""
    return {"status": str(ActionStatus.OPEN), "due_on": {"$gt": "", "$lt": today(now)}}


def _whether(wanted: bool | None, where: Where) -> Where:  # noqa: FBT001 - the value of a filter
    """What matches, what does not, or everything."""
    if wanted is None:
        return {}
    return where if wanted else {"$nor": [where]}


def both(one: Where, other: Where) -> Where:
    """What matches one filter and the other."""
    return {"$and": [one, other]} if one.keys() & other.keys() else one | other
