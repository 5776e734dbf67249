"""Worked examples of every operation. The answers are what the rules make of the requests."""

from datetime import UTC, datetime
from typing import Any, Final

from concerns import domain
from contracts.action import ActionOpening
from contracts.concern import Concern, ConcernFacts

_FORCE: Final = "northamptonshire"
_NOW: Final = datetime(2025, 5, 7, 9, 30, tzinfo=UTC)
CONCERN_ID: Final = "01969f2e-4c00-7000-8000-000000000011"

ACTION_ID: Final = "01969f2e-4c00-7000-8000-000000000013"
MEETING_ID: Final = "01969f2e-4c00-7000-8000-000000000004"
Example = dict[str, Any]

RAISE: Final[Example] = {
    "category": "patrol-visibility",
    "said": "Neighbourhood policing patrols are seen too seldom around the mosques",
    "strand": "muslim",
    "meeting_id": MEETING_ID,
    "raised_on": "2025-05-06",
}
AMEND: Final[Example] = {"priority": "high", "locality": "Town centre"}
RESPOND: Final[Example] = {"response": "The neighbourhood team will walk the area on Fridays; its inspector comes to the next round table"}
PROGRESS: Final[Example] = {"progress": "Patrols on Fridays have begun"}
CLOSE: Final[Example] = {
    "resolution": "resolved",
    "reason": "Patrols take place every Friday, and those who raised it say so",
    "decided_by": "neighbourhood_team",
}
REOPEN: Final[Example] = {"reason": "There were no patrols in August"}
PUBLISH: Final[Example] = {"you_said": "You would like to see more neighbourhood patrols."}
OPEN_ACTION: Final[Example] = {
    "owner_role": "Neighbourhood Policing Team",
    "commitment": "Walk the streets around the mosques every Friday",
    "answers": [CONCERN_ID],
    "meeting_id": MEETING_ID,
    "due_on": "2025-06-30",
}
AMEND_ACTION: Final[Example] = {"due_on": None, "standing": True}
CLOSE_ACTION: Final[Example] = {"outcome": "completed", "outcome_note": "Patrols on every Friday of June"}
REOPEN_ACTION: Final[Example] = {"reason": "The patrols stopped in August"}
PUBLISH_ACTION: Final[Example] = {"we_promised": "We will walk the streets around the mosques every Friday."}


def concern() -> Example:
    """A concern as it is answered."""
    return _raised().opened()


def action() -> Example:
    """An action as it is answered."""
    wish = ActionOpening.model_validate(OPEN_ACTION)
    return domain.open_action(ACTION_ID, _FORCE, wish, {CONCERN_ID: _raised()}, _NOW).state.opened()


def _raised() -> Concern:
    return domain.raise_concern(CONCERN_ID, _FORCE, ConcernFacts.model_validate(RAISE), _NOW).state
