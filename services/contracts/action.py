"""Actions: what was promised, by whom, and what came of it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from contracts.concern import Reopening
from contracts.demands import OneOf
from contracts.entry import entering, problem
from contracts.fields import Clear, Day, Flag, Frame, Id, Ids, Instant, Line, Prose, Sealed, Words, kept, needed
from contracts.state import Facts, Publication, RelatedOnes, State
from contracts.vocabulary import ActionStatus, Outcome


class ActionFacts(Facts):
    """What a caller may enter of an action: an owned commitment, due on a day or standing."""

    owner_role: Clear[Line | None] = needed("The office that owes it, never a person")
    commitment: Sealed[Prose | None] = needed("What was promised")
    answers: Frame[Ids] = ()
    """The concerns that it answers."""
    meeting_id: Frame[Id | None] = None
    organisation_id: Clear[Id | None] = None
    neighbourhood_id: Clear[Id | None] = None
    due_on: Frame[Day | None] = None
    """The day on which it falls due, or null when it stands."""
    standing: Clear[Flag] = False
    """Promised for good, and so never due; without a day and without a word about it, it stands."""
    related: Frame[RelatedOnes] = ()
    recorded_late: Frame[Flag] = False
    """Entered long after: nobody is reminded of it."""

    @model_validator(mode="before")
    @classmethod
    def _stands(cls, given: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever was sent
        context = entering(info)
        if context is None or context.partial or not isinstance(given, dict) or "standing" in given:
            return given
        return given | {"standing": given.get("due_on") is None}

    def entry_errors(self) -> Mapping[str, PydanticCustomError]:
        """A commitment is due on a day or it stands; it is not both."""
        if (self.due_on is None) == self.standing:
            return {}
        return {"due_on": problem("due_or_standing", "Give a day in `due_on`, or say `standing: true`, and not both")}


class ActionOutcome(Facts):
    """What came of an action."""

    outcome: Clear[Annotated[str, OneOf(Outcome)] | None] = None
    """How it ended; null while it is open."""
    outcome_note: Sealed[Prose | None] = None


class ActionAmending(ActionFacts):
    """What an amendment can put right of an action: its facts, and what was said of its end, once that was said."""

    outcome_note: Sealed[Prose | None] = None
    reason: Sealed[Prose | None] = kept()


class ActionClosing(ActionOutcome):
    """How an action ends."""

    also_needed: ClassVar = frozenset({"outcome"})


class ActionOpening(ActionFacts, ActionOutcome):
    """An action as it is first recorded: open, or already closed with its outcome."""

    status: Annotated[str, OneOf(ActionStatus)] = ActionStatus.OPEN

    def entry_errors(self) -> Mapping[str, PydanticCustomError]:
        """An outcome belongs to a closed action, and a closed action has one."""
        if (self.outcome is None) == (self.status == ActionStatus.OPEN) and (self.outcome or not self.outcome_note):
            return super().entry_errors()
        return {"outcome": problem("outcome", "Give an `outcome` with `status: closed`, and only then")}


class WePromisedWords(Facts):
    """Approved words for what was promised, and for what was done."""

    we_promised: Words | None = None
    """What was promised; null when only what was done is published."""
    we_did: Words | None = None
    """What was done; null while it is not, and when only the promise is published."""

    def entry_errors(self) -> Mapping[str, PydanticCustomError]:
        """At least one of the two."""
        if self.we_promised or self.we_did:
            return {}
        return {"we_promised": problem("missing", "Give `we_promised`, `we_did`, or both")}


class WePromised(WePromisedWords, Publication):
    """What was published of an action."""


class Action(State, ActionFacts, ActionOutcome, Reopening):
    """An owned commitment that answers concerns or none. It is sensitive while a concern that it answers is."""

    collection: ClassVar = "actions"
    service: ClassVar = "concerns"
    always: ClassVar = frozenset({"owner_role", "opened_at", "last_event"})

    status: Frame[str] = ActionStatus.OPEN
    """`open` or `closed`."""
    opened_at: Frame[Instant | None] = None
    closed_at: Frame[Instant | None] = None
    reopened_at: Frame[Instant | None] = None
    due_soon_at: Frame[Instant | None] = None
    overdue_at: Frame[Instant | None] = None
    publication: Clear[WePromised | None] = None

    @property
    def is_closed(self) -> bool:
        """Whether the action has ended."""
        return self.status == ActionStatus.CLOSED
