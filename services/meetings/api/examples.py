"""Worked examples of every operation. The answers are what the rules make of the requests."""

from datetime import UTC, datetime
from typing import Any, Final

from contracts.meeting import FeedbackFacts, MeetingRecording
from contracts.places import NeighbourhoodFacts, OrganisationFacts
from meetings import domain

_FORCE: Final = "northamptonshire"
_NOW: Final = datetime(2025, 5, 7, 9, 30, tzinfo=UTC)
ORGANISATION_ID: Final = "01969f2e-4c00-7000-8000-000000000001"
OTHER_ORGANISATION_ID: Final = "01969f2e-4c00-7000-8000-000000000002"
NEIGHBOURHOOD_ID: Final = "01969f2e-4c00-7000-8000-000000000003"
MEETING_ID: Final = "01969f2e-4c00-7000-8000-000000000004"
FEEDBACK_ID: Final = "01969f2e-4c00-7000-8000-000000000005"
Example = dict[str, Any]

REGISTER_ORGANISATION: Final[Example] = {
    "name": "Kettering Muslim Association",
    "kind": "faith_body",
    "strand": "muslim",
    "locality": "Kettering",
    "visiting_guidance": ["Shoes may have to stay on to defuse an incident; otherwise they stay at the door"],
}
AMEND_ORGANISATION: Final[Example] = {"locality": "Kettering town centre", "strand": None}
MERGE_ORGANISATION: Final[Example] = {"merged_into": OTHER_ORGANISATION_ID}
REGISTER_NEIGHBOURHOOD: Final[Example] = {
    "code": "NN-07",
    "name": "Kettering town",
    "population": "63150",
    "centre": {"latitude": "52.3984", "longitude": "-0.7256"},
}
AMEND_NEIGHBOURHOOD: Final[Example] = {"description": "The town centre and the streets around the station"}
RECORD_HELD: Final[Example] = {
    "status": "held",
    "kind": "round_table",
    "title": "Round table with leaders of mosques",
    "held_on": "2025-05-06",
    "venue": {"name": "Darby House", "locality": "Wellingborough"},
    "hosts": ["Police, Fire and Crime Commissioner", "Chief Constable"],
    "attendance": {"named": [{"organisation_id": ORGANISATION_ID}], "organisations_total": 11},
    "series": "faith leaders' round tables",
    "briefings": ["Safe and Sound public safety plan"],
}
SCHEDULE: Final[Example] = {
    "kind": "beat_surgery",
    "title": "Beat surgery at the library",
    "starts_at": "2025-06-03T17:00:00Z",
    "ends_at": "2025-06-03T18:30:00Z",
    "hosts": ["Neighbourhood Policing Team"],
    "neighbourhood_id": NEIGHBOURHOOD_ID,
    "visibility": "public",
}
HOLD: Final[Example] = {"held_on": "2025-06-03", "attendance": {"heads_total": 23}, "topics": ["speeding", "lighting in the park"]}
POSTPONE: Final[Example] = {"reason": "The library is closed for repairs"}
CANCEL: Final[Example] = {"reason": "Too few came forward"}
AMEND_MEETING: Final[Example] = {"starts_at": "2025-06-17T17:00:00Z", "ends_at": "2025-06-17T18:30:00Z"}
FEEDBACK: Final[Example] = {
    "organisation_id": ORGANISATION_ID,
    "gist": "A good meeting; useful for building trust, and hopes that it continues",
    "confidence_before": 2,
    "confidence_after": 4,
}

AMEND_FEEDBACK: Final[Example] = {"confidence_after": 5}


def organisation() -> Example:
    """An organisation as it is answered."""
    facts = OrganisationFacts.model_validate(REGISTER_ORGANISATION)
    return domain.register_organisation(ORGANISATION_ID, _FORCE, facts, _NOW).state.opened()


def neighbourhood() -> Example:
    """A neighbourhood as it is answered."""
    facts = NeighbourhoodFacts.model_validate(REGISTER_NEIGHBOURHOOD)
    return domain.register_neighbourhood(NEIGHBOURHOOD_ID, _FORCE, facts, _NOW).state.opened()


def meeting() -> Example:
    """A meeting as it is answered."""
    return domain.record_meeting(MEETING_ID, _FORCE, MeetingRecording.model_validate(RECORD_HELD), _NOW).state.opened()


def feedback() -> Example:
    """A page of feedback as it is answered."""
    return {"items": [one_feedback()], "next": None}


def one_feedback() -> Example:
    """Feedback as it is answered."""
    held = domain.record_meeting(MEETING_ID, _FORCE, MeetingRecording.model_validate(RECORD_HELD), _NOW).state
    return domain.receive_feedback(FEEDBACK_ID, held, FeedbackFacts.model_validate(FEEDBACK), _NOW).state.opened()
