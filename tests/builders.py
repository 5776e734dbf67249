"""Builders: each makes something valid, with one visible difference where the caller says so."""

from datetime import UTC, datetime
from typing import Any

from uuid_utils import uuid7

from contracts.action import Action, ActionFacts
from contracts.concern import Concern, ConcernFacts
from contracts.entry import Entering
from contracts.events import ActionOpened, ConcernRaised
from contracts.meeting import Meeting, MeetingFacts

NOW = datetime(2025, 5, 6, 18, 30, tzinfo=UTC)


def new_id() -> str:
    """An aggregate's id."""
    return str(uuid7())


def concern(force: str, **facts: Any) -> Concern:
    """A concern at version 1."""
    entered = ConcernFacts.model_validate({"category": "drugs", "said": "dealing in the town centre"} | facts, context=Entering())
    return Concern.begin(entered, id=new_id(), force=force, raised_at=NOW)


def concern_raised(force: str, **facts: Any) -> ConcernRaised:
    """The event of a concern at version 1."""
    return ConcernRaised(concern(force, **facts))


def action(force: str, **facts: Any) -> Action:
    """An action at version 1: a standing commitment."""
    entered = {"owner_role": "Chief Constable", "commitment": "build better lines of communication", "standing": True} | facts
    return Action.begin(ActionFacts.model_validate(entered, context=Entering()), id=new_id(), force=force, opened_at=NOW)


def action_opened(force: str, **facts: Any) -> ActionOpened:
    """The event of an action at version 1."""
    return ActionOpened(action(force, **facts))


def meeting(force: str, **facts: Any) -> Meeting:
    """A scheduled round table at version 1."""
    entered = MeetingFacts.model_validate({"kind": "round_table", "title": "Round table"} | facts, context=Entering())
    return Meeting.begin(entered, id=new_id(), force=force, recorded_at=NOW)
