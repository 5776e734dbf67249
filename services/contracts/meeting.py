"""Meetings: an engagement from the day it is planned to what was said there, and what those who came thought of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic_core import PydanticCustomError

from contracts.demands import AtMost, Distinct, OneOf
from contracts.entry import problem
from contracts.fields import (
    Clear,
    Count,
    Flag,
    Frame,
    Id,
    Instant,
    KnownDate,
    Line,
    Lines,
    PlaceLine,
    Prose,
    Score,
    Sealed,
    Words,
    kept,
    needed,
)
from contracts.state import Facts, RelatedOnes, State
from contracts.texts import Text
from contracts.vocabulary import MeetingKind, MeetingStatus, Visibility

_ENDS_BEFORE: Final = problem("ends_before_start", "`ends_at` must come after `starts_at`")


class RecordedStatus(StrEnum):
    """The statuses in which a meeting can first be recorded."""

    SCHEDULED = MeetingStatus.SCHEDULED
    HELD = MeetingStatus.HELD


class Venue(Facts):
    """Where a meeting is held."""

    name: PlaceLine | None = None
    address: PlaceLine | None = None
    locality: Line | None = None
    organisation_id: Id | None = None


class Attending(Facts):
    """One organisation that came, and with how many people."""

    organisation_id: Id
    heads: Count | None = None


class Attendance(Facts):
    """Who came: "leaders of 11 mosques, 2 of them named" is a fact; the rest is met, but not named."""

    named: Annotated[tuple[Attending, ...], AtMost(500), Distinct("organisation_id")] = ()
    organisations_total: Count | None = None
    heads_total: Count | None = None

    def contradictions(self) -> Mapping[str, PydanticCustomError]:
        """Those who are named are part of the totals."""
        heads = sum(attending.heads or 0 for attending in self.named)
        errors = {}
        if self.organisations_total is not None and self.organisations_total < len(self.named):
            errors["organisations_total"] = problem("too_few", "Less than the number of organisations that are named")
        if self.heads_total is not None and self.heads_total < heads:
            errors["heads_total"] = problem("too_few", "Less than the heads of the organisations that are named")
        return errors


class Timed(Facts):
    """When something is planned."""

    starts_at: Frame[Instant | None] = None
    """When it is planned to begin; null while no time is set."""
    ends_at: Frame[Instant | None] = None

    def contradictions(self) -> Mapping[str, PydanticCustomError]:
        """It ends after it starts."""
        ended = self.ends_at is not None and self.starts_at is not None and self.ends_at <= self.starts_at
        return {"ends_at": _ENDS_BEFORE} if ended else {}

    def entry_errors(self) -> Mapping[str, PydanticCustomError]:
        """It has no end without a start."""
        return {"ends_at": _ENDS_BEFORE} if self.ends_at is not None and self.starts_at is None else {}


class Plan(Timed):
    """What is known of a meeting before it is held."""

    kind: Clear[Annotated[str, OneOf(MeetingKind)] | None] = needed("What sort of engagement it is")
    title: Clear[Line | None] = needed("What the meeting is called")
    venue: Clear[Venue | None] = None
    hosts: Clear[Lines] = ()
    """Offices, never persons: "Chief Constable"."""
    neighbourhood_id: Clear[Id | None] = None
    """The policing area that it is about."""
    series: Clear[Line | None] = None
    """Name of the series that it belongs to, in any words that are always the same."""
    purpose: Clear[Words | None] = None
    visibility: Clear[Annotated[str, OneOf(Visibility)]] = Visibility.INTERNAL
    related: Frame[RelatedOnes] = ()
    recorded_late: Frame[Flag] = False
    """Entered long after: it starts no clock and reminds nobody."""
    sensitive: Frame[Flag] = kept(default=False)


class Holding(Facts):
    """What is known of a meeting once it was held."""

    held_on: Frame[KnownDate | None] = None
    """The day, or the month, or null where the report gives no date."""
    attendance: Clear[Attendance | None] = None
    attendance_note: Sealed[Words | None] = None
    briefings: Clear[Lines] = ()
    topics: Clear[Lines] = ()
    activities: Clear[Annotated[tuple[Annotated[str, Text(500)], ...], AtMost(100)]] = ()
    minutes: Sealed[Prose | None] = None
    notes: Sealed[Prose | None] = None


class MeetingFacts(Plan, Holding):
    """Everything that a caller may enter of a meeting."""


class MeetingAmending(MeetingFacts):
    """What an amendment can put right of a meeting: its facts, and why it was put off or cancelled, once that was said."""

    reason: Sealed[Words | None] = kept()


class MeetingRecording(MeetingFacts):
    """A meeting as it is first recorded: planned, or already held."""

    status: Annotated[str, OneOf(RecordedStatus)] = RecordedStatus.SCHEDULED


class Postponing(Timed):
    """A meeting that is put off: to a new time, or to none yet."""

    reason: Sealed[Words | None] = None


class Cancelling(Facts):
    """A meeting that will not be held."""

    reason: Sealed[Words | None] = needed("Why it is not held")


class Meeting(State, MeetingFacts, Cancelling):
    """An engagement: a round table, a visit, a surgery."""

    collection: ClassVar = "meetings"
    service: ClassVar = "meetings"
    always: ClassVar = frozenset({"kind", "title", "recorded_at", "last_event"})

    status: Frame[str] = MeetingStatus.SCHEDULED
    """`scheduled`, `held`, `cancelled` or `postponed`."""
    held_from: Frame[str | None] = None
    """First day that `held_on` may mean."""
    held_to: Frame[str | None] = None
    """Last day that `held_on` may mean."""
    recorded_at: Frame[Instant | None] = None
    held_recorded_at: Frame[Instant | None] = None
    """When it was recorded that it had been held."""
    postponed_at: Frame[Instant | None] = None
    cancelled_at: Frame[Instant | None] = None
    due_soon_at: Frame[Instant | None] = None


class FeedbackAmending(Facts):
    """What an amendment can put right of feedback: what was thought, and how confident they were."""

    gist: Sealed[Words | None] = needed("What they thought, in a sentence or two")
    confidence_before: Clear[Score | None] = None
    confidence_after: Clear[Score | None] = None
    barriers: Sealed[Annotated[tuple[Words, ...], AtMost(20)]] = ()


class FeedbackFacts(FeedbackAmending):
    """What an organisation thought after a meeting."""

    organisation_id: Clear[Id | None] = None
    recorded_late: Frame[Flag] = False
    sensitive: Frame[Flag] = kept(default=False)


class Feedback(State, FeedbackFacts):
    """Feedback on one meeting. Trust and confidence is what the whole thing is for: it is measured."""

    collection: ClassVar = "feedback"
    service: ClassVar = "meetings"
    always: ClassVar = frozenset({"meeting_id", "received_at", "last_event"})

    follows_meeting: Clear[Flag] = False
    """Sensitive only because its meeting is, and ordinary again with it."""
    meeting_id: Frame[Id | None] = None
    received_at: Frame[Instant | None] = None

    @property
    def path(self) -> str:
        """Under its meeting; of an erased one nobody knows that any more, and the read model shows what is left."""
        if self.meeting_id is None:
            return f"/v1/feedback/{self.id}"
        return f"/v1/forces/{self.force}/meetings/{self.meeting_id}/feedback/{self.id}"
