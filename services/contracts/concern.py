"""Concerns: what was raised, and what was answered and decided."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic_core import PydanticCustomError

from contracts.demands import OneOf
from contracts.entry import problem
from contracts.fields import Clear, Flag, Frame, Id, Instant, KnownDate, Line, Prose, Sealed, Words, kept, needed
from contracts.state import Facts, Publication, RelatedOnes, State
from contracts.vocabulary import (
    Category,
    ConcernStatus,
    DecidingBody,
    HateStrand,
    Priority,
    Resolution,
    Strand,
)


class ConcernFacts(Facts):
    """What a caller may enter of a concern."""

    category: Clear[Annotated[str, OneOf(Category)] | None] = needed("What it is about")
    said: Sealed[Prose | None] = None
    """What was raised, in words that name nobody."""
    strand: Clear[Annotated[str, OneOf(Strand)] | None] = None
    hate_strand: Clear[Annotated[str, OneOf(HateStrand)] | None] = None
    priority: Clear[Annotated[str, OneOf(Priority)]] = Priority.NORMAL
    organisation_id: Clear[Id | None] = None
    """Who raised it; null when it was not said."""
    meeting_id: Frame[Id | None] = None
    """The meeting at which it was raised, if it was at one."""
    neighbourhood_id: Clear[Id | None] = None
    locality: Clear[Line | None] = None
    raised_on: Frame[KnownDate | None] = None
    """The day, or the month, or null where nobody knows."""
    related: Frame[RelatedOnes] = ()
    recorded_late: Frame[Flag] = False
    """Entered long after: it starts no clock and reminds nobody."""
    sensitive: Frame[Flag] = kept(default=False)


class ConcernAmending(ConcernFacts):
    """What an amendment can put right of a concern: its facts, and what was answered and decided, once that was said."""

    response: Sealed[Prose | None] = kept()
    progress: Sealed[Prose | None] = None
    reason: Sealed[Prose | None] = kept()
    decided_by: Clear[Annotated[str, OneOf(DecidingBody)] | None] = kept()
    duplicate_of: Clear[Id | None] = kept()
    referred_to: Clear[Line | None] = None


class Responding(Facts):
    """The first response to those who raised a concern."""

    response: Sealed[Prose | None] = needed("What was answered")


class Progressing(Facts):
    """Work on a concern has begun."""

    progress: Sealed[Prose | None] = None


class ConcernClosing(Facts):
    """How a concern ends, why, and who decided it."""

    resolution: Clear[Annotated[str, OneOf(Resolution)] | None] = needed("How it ends")
    reason: Sealed[Prose | None] = needed("Why it ends so, for those who raised it")
    decided_by: Clear[Annotated[str, OneOf(DecidingBody)] | None] = needed("The body that decided")
    duplicate_of: Clear[Id | None] = None
    referred_to: Clear[Line | None] = None

    def entry_errors(self) -> Mapping[str, PydanticCustomError]:
        """A duplicate names the concern that it repeats, and nothing else does."""
        if (self.resolution == Resolution.DUPLICATE) == (self.duplicate_of is not None):
            return {}
        return {"duplicate_of": problem("duplicate_of", "Give `duplicate_of` with the resolution `duplicate`, and only then")}


class Reopening(Facts):
    """Why something closed is taken up again."""

    reason: Sealed[Prose | None] = needed("Why it is taken up again")


class YouSaidWords(Facts):
    """Approved words for what a community said."""

    you_said: Words | None = needed("What you said, in words approved for the public")


class YouSaid(YouSaidWords, Publication):
    """What was published of a concern."""

    always: ClassVar = frozenset({"you_said", "published_at"})


class Concern(State, ConcernFacts, Responding, Progressing, ConcernClosing):
    """Something an organisation raised, at a meeting or not."""

    collection: ClassVar = "concerns"
    service: ClassVar = "concerns"
    always: ClassVar = frozenset({"category", "raised_at", "last_event"})

    status: Frame[str] = ConcernStatus.RAISED
    """`raised`, `under_review`, `in_progress`; of a closed concern, its resolution."""
    raised_from: Frame[str | None] = None
    """First day that `raised_on` may mean."""
    raised_to: Frame[str | None] = None
    """Last day that `raised_on` may mean."""
    raised_at: Frame[Instant | None] = None
    """When it was recorded."""
    response_due: Frame[Instant | None] = None
    """72 hours after it was raised (Neighbourhood Policing Guarantee); null when it was recorded late."""
    responded_at: Frame[Instant | None] = None
    """When the first response was given."""
    answered_again_at: Frame[Instant | None] = None
    """When it was last answered after it had been reopened; the first response keeps its own instant."""
    overdue_at: Frame[Instant | None] = None
    """When a clock found that the first response was overdue."""
    closed_at: Frame[Instant | None] = None
    reopened_at: Frame[Instant | None] = None
    publication: Clear[YouSaid | None] = None

    @property
    def is_closed(self) -> bool:
        """Whether the concern has ended."""
        return self.status in set(Resolution)

    @property
    def is_answered(self) -> bool:
        """Whether those who raised it were answered since it was raised, or since it was reopened."""
        answered = self.answered_again_at or self.responded_at
        return answered is not None and (self.reopened_at is None or answered >= self.reopened_at)
