"""The story that the examples tell: engagements of one force, from the first letter to the erasure. It names no person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from contracts.event import Event
from contracts.state import State

FORCE: Final = "northamptonshire"
Changes = dict[str, Any]
Step = tuple[type[Event[Any]], str, Changes]


@dataclass(frozen=True)
class Told:
    """One event of the story, the instant at which it was recorded, and what is special about it, if anything."""

    event: Event[State]
    time: datetime
    variant: str | None = None


def identifier(label: str, at: str) -> str:
    """A UUIDv7 that is the same in every run."""
    milliseconds = int(datetime.fromisoformat(at).timestamp() * 1000)
    first, rest = f"{milliseconds:012x}", sha256(label.encode()).hexdigest()
    return f"{first[:8]}-{first[8:]}-7{rest[:3]}-8{rest[3:6]}-{rest[6:18]}"


MOSQUES: Final = identifier("Kettering Muslim Association", "2025-02-03T10:00:00Z")
COUNCIL: Final = identifier("Northamptonshire Council of Mosques", "2025-02-03T10:05:00Z")
SAME_MOSQUES: Final = identifier("Kettering Muslim Assoc.", "2025-05-07T09:10:00Z")
TOWN: Final = identifier("Kettering Town", "2025-02-03T09:00:00Z")
ROUND_TABLE: Final = identifier("round table", "2025-04-14T09:12:00Z")
CHURCHES: Final = identifier("round table in March", "2025-04-01T09:00:00Z")
WALK: Final = identifier("walkabout", "2025-06-02T08:30:00Z")
THOUGHTS: Final = identifier("feedback", "2025-05-09T11:00:00Z")
CHANNELS: Final = identifier("communication channels", "2025-05-07T10:00:00Z")
TENSION: Final = identifier("community tension", "2025-05-07T10:10:00Z")
PROMISE: Final = identifier("better lines", "2025-05-07T10:30:00Z")
QUIET_PROMISE: Final = identifier("quiet promise", "2025-05-07T10:40:00Z")
OPEN_DOOR: Final = identifier("open door", "2025-05-07T10:45:00Z")

ORGANISATION: Final = {
    "name": "Kettering Muslim Association",
    "kind": "place_of_worship",
    "strand": "muslim",
    "neighbourhood_id": TOWN,
    "locality": "Kettering",
    "registered_at": "2025-02-03T10:00:00.000Z",
}
GUIDANCE: Final = ["Shoes come off at the inner door.", "Friday prayers are from 13:00 to 14:00."]
MERGED: Final = {
    "name": "Kettering Muslim Assoc.",
    "status": "merged",
    "merged_into": MOSQUES,
    "merged_at": "2025-05-08T08:00:00.000Z",
}
NEIGHBOURHOOD: Final = {
    "code": "Kettering Town",
    "name": "Kettering Town",
    "centre": {"latitude": "52.3986", "longitude": "-0.7260"},
    "registered_at": "2025-02-03T09:00:00.000Z",
}
OUTLINE: Final = [
    {"latitude": "52.4050", "longitude": "-0.7400"},
    {"latitude": "52.4050", "longitude": "-0.7100"},
    {"latitude": "52.3900", "longitude": "-0.7250"},
]
MEETING: Final = {
    "kind": "round_table",
    "title": "Round table with leaders of mosques",
    "starts_at": "2025-05-06T17:00:00.000Z",
    "ends_at": "2025-05-06T19:00:00.000Z",
    "venue": {"name": "Darby House", "locality": "Wellingborough"},
    "hosts": ["Police, Fire and Crime Commissioner", "Chief Constable"],
    "series": "faith leaders' round tables",
    "purpose": "increase trust and confidence; remove barriers to engagement",
    "visibility": "listed_only",
    "recorded_at": "2025-04-14T09:12:00.000Z",
}
HELD: Final = {
    "status": "held",
    "held_on": "2025-05-06",
    "held_from": "2025-05-06",
    "held_to": "2025-05-06",
    "held_recorded_at": "2025-05-07T09:30:00.000Z",
    "attendance": {"named": [{"organisation_id": COUNCIL, "heads": 3}], "organisations_total": 11, "heads_total": 24},
    "attendance_note": "Leaders of mosques from across the county.",
    "briefings": ["Safe and Sound public safety plan", "Policing Plan"],
    "topics": ["hate crime", "neighbourhood patrols"],
    "minutes": "Each mosque spoke in turn. Patrols and ways to reach senior leaders came up most often.",
}
ATTENDANCE: Final = {
    "named": [{"organisation_id": COUNCIL, "heads": 3}, {"organisation_id": MOSQUES, "heads": 2}],
    "organisations_total": 11,
    "heads_total": 24,
}
MONTH: Final = {
    "kind": "round_table",
    "title": "Round table with leaders of black churches",
    "status": "held",
    "series": "faith leaders' round tables",
    "held_on": "2025-03",
    "held_from": "2025-03-01",
    "held_to": "2025-03-31",
    "recorded_late": True,
    "recorded_at": "2025-04-01T09:00:00.000Z",
    "held_recorded_at": "2025-04-01T09:00:00.000Z",
}
WALKABOUT: Final = {
    "kind": "walkabout",
    "title": "Walk through the town centre with traders",
    "starts_at": "2025-06-20T09:00:00.000Z",
    "hosts": ["Kettering Neighbourhood Policing Team"],
    "neighbourhood_id": TOWN,
    "visibility": "public",
    "recorded_at": "2025-06-02T08:30:00.000Z",
}
PUT_OFF: Final = {
    "status": "postponed",
    "starts_at": None,
    "reason": "The market moved its day.",
    "postponed_at": "2025-06-19T12:00:00.000Z",
}
DROPPED: Final = {
    "status": "cancelled",
    "reason": "The traders asked for a meeting indoors instead.",
    "cancelled_at": "2025-07-04T12:00:00.000Z",
}
FEEDBACK: Final = {
    "meeting_id": ROUND_TABLE,
    "organisation_id": MOSQUES,
    "gist": "Worth the evening; they would like the next one within the year.",
    "confidence_before": 3,
    "confidence_after": 4,
    "received_at": "2025-05-09T11:00:00.000Z",
}
CONCERN: Final = {
    "category": "communication-channels",
    "said": "There should be a quicker way to reach senior officers.",
    "strand": "muslim",
    "organisation_id": COUNCIL,
    "meeting_id": ROUND_TABLE,
    "raised_on": "2025-05-06",
    "raised_from": "2025-05-06",
    "raised_to": "2025-05-06",
    "raised_at": "2025-05-07T10:00:00.000Z",
    "response_due": "2025-05-09T22:59:59.000Z",
}
ANSWERED: Final = {
    "status": "under_review",
    "response": "The Chief Constable's office will propose one way in.",
    "responded_at": "2025-05-12T09:00:00.000Z",
}
BEGUN: Final = {"status": "in_progress", "progress": "A draft went to every mosque."}
BACK: Final = {"reason": "The address stopped answering.", "closed_at": None, "reopened_at": "2025-10-01T10:00:00.000Z"}
SENSITIVE_CONCERN: Final = CONCERN | {
    "category": "community-tension",
    "said": "Worry about a protest that was called for outside prayers.",
    "priority": "high",
    "sensitive": True,
    "raised_at": "2025-05-07T10:10:00.000Z",
    "response_due": "2025-05-09T22:59:59.000Z",
}
ACTION: Final = {
    "owner_role": "Chief Constable",
    "commitment": "Set up one address for mosques, read every working day.",
    "answers": [CHANNELS],
    "meeting_id": ROUND_TABLE,
    "organisation_id": COUNCIL,
    "due_on": "2025-07-31",
    "opened_at": "2025-05-07T10:30:00.000Z",
}
SENSITIVE_ACTION: Final[Changes] = ACTION | {"commitment": "Extra patrols at prayer times.", "answers": [TENSION], "sensitive": True}
STANDING: Final[Changes] = ACTION | {
    "owner_role": "Police, Fire and Crime Commissioner",
    "commitment": "The door is open to every faith group.",
    "answers": [],
    "due_on": None,
    "standing": True,
}
KEPT: Final = {
    "status": "closed",
    "outcome": "completed",
    "outcome_note": "The address is open.",
    "closed_at": "2025-08-28T16:00:00.000Z",
}
SAID: Final = {"you_said": "It was hard to reach senior leaders.", "published_at": "2025-09-02T09:00:00.000Z"}
DID: Final = {
    "we_promised": "One way in for every mosque.",
    "we_did": "It is open, and read every working day.",
    "published_at": "2025-08-29T09:00:00.000Z",
}


def closed(resolution: str) -> Changes:
    """What closing a concern adds to it."""
    said = {"reason": "Those who raised it were told why.", "decided_by": "force", "closed_at": "2025-09-01T15:00:00.000Z"}
    return said | {"status": resolution, "resolution": resolution}


def framed(wire: Changes) -> Changes:
    """A wire form in the order in which people read it: what every record has, then the rest."""
    first = [name for name in State.model_fields if name in wire]
    return {name: wire[name] for name in [*first, *(name for name in wire if name not in first)]}


def life(subject: str, *steps: Step) -> Iterator[Told]:
    """The events of one aggregate, one version after the other."""
    opened: Changes = {"id": subject, "force": FORCE}
    for version, (event, at, changes) in enumerate(steps, start=1):
        opened = opened | changes | {"version": version}
        yield Told(event(event.model.from_opened(opened)), datetime.fromisoformat(at))


def variant(name: str, subject: str, *steps: Step) -> Told:
    """The last event of a life, beside the ordinary example of its type."""
    *_, last = life(subject, *steps)
    return Told(last.event, last.time, name)
