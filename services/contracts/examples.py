"""An example of every event, as CloudEvents structured JSON. The key of their sealed blocks is public, and worth nothing."""

import sys
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from contracts import events as e
from contracts import story as s
from contracts.codec import Message
from contracts.dates import instant
from contracts.generated import HERE, run
from contracts.schemas import file_of
from contracts.sealing import NONCE_BYTES, DataKey, seal
from contracts.state import LastEvent
from contracts.story import Step, Told, life, variant

FOLDER: Final = HERE / "examples"
KEY: Final = DataKey("example", bytes(range(32)))

REGISTERED: Final[Step] = (e.OrganisationRegistered, "2025-02-03T10:00:00Z", s.ORGANISATION)
RAISED: Final[Step] = (e.ConcernRaised, "2025-05-07T10:00:00Z", s.CONCERN)
OPENED: Final[Step] = (e.ActionOpened, "2025-05-07T10:30:00Z", s.ACTION)
GONE: Final = {"erased_at": "2026-11-02T10:00:00.000Z"}


def examples() -> dict[str, dict[str, Any]]:
    """Every example, by its file name: `concern-raised.v1.json`, and `.sensitive` and the like before `.json`."""
    found: dict[str, dict[str, Any]] = {}
    for told in tell():
        # The first event of a type is its example; a later one only has a place in the lives.
        found.setdefault(_file(told), structured(message(told)))
    return found


def tell() -> Iterator[Told]:
    """The whole story."""
    yield from organisations()
    yield from neighbourhoods()
    yield from meetings()
    yield from concerns()
    yield from endings()
    yield from actions()


def organisations() -> Iterator[Told]:
    """A mosque that a force comes to know, then does not meet for a year; and one that was registered twice."""
    yield from life(
        s.MOSQUES,
        REGISTERED,
        (e.OrganisationAmended, "2025-02-10T16:20:00Z", {"visiting_guidance": s.GUIDANCE}),
        (e.OrganisationContactLapsed, "2026-05-07T03:00:00Z", {"contact_lapsed_at": "2026-05-07T03:00:00.000Z"}),
        (e.OrganisationErased, "2026-11-02T10:00:00Z", GONE),
    )
    yield from life(s.SAME_MOSQUES, REGISTERED, (e.OrganisationMerged, "2025-05-08T08:00:00Z", s.MERGED))


def neighbourhoods() -> Iterator[Told]:
    """A policing area that gets its outline."""
    yield from life(
        s.TOWN,
        (e.NeighbourhoodRegistered, "2025-02-03T09:00:00Z", s.NEIGHBOURHOOD),
        (e.NeighbourhoodAmended, "2025-02-11T09:30:00Z", {"boundary": s.OUTLINE, "population": "13000"}),
        (e.NeighbourhoodErased, "2026-11-02T10:00:00Z", GONE),
    )


def meetings() -> Iterator[Told]:
    """A round table and what was thought of it, a walk that is put off and dropped, and one of which the month is known."""
    yield from life(
        s.ROUND_TABLE,
        (e.MeetingScheduled, "2025-04-14T09:12:00Z", s.MEETING),
        (e.MeetingDueSoon, "2025-05-05T17:00:00Z", {"due_soon_at": "2025-05-05T17:00:00.000Z"}),
        (e.MeetingHeld, "2025-05-07T09:30:00Z", s.HELD),
        (e.MeetingAmended, "2025-05-07T14:05:00Z", {"attendance": s.ATTENDANCE}),
        (e.MeetingErased, "2026-11-02T10:00:00Z", GONE),
    )
    yield from life(
        s.THOUGHTS,
        (e.FeedbackReceived, "2025-05-09T11:00:00Z", s.FEEDBACK),
        (e.FeedbackAmended, "2025-05-12T09:00:00Z", {"sensitive": True}),
        (e.FeedbackErased, "2026-11-02T10:00:00Z", GONE),
    )
    yield from life(
        s.WALK,
        (e.MeetingScheduled, "2025-06-02T08:30:00Z", s.WALKABOUT),
        (e.MeetingPostponed, "2025-06-19T12:00:00Z", s.PUT_OFF),
        (e.MeetingCancelled, "2025-07-04T12:00:00Z", s.DROPPED),
    )
    yield variant("month", s.CHURCHES, (e.MeetingHeld, "2025-04-01T09:00:00Z", s.MONTH))


def concerns() -> Iterator[Told]:
    """A concern that is answered late, resolved, published, and comes back."""
    yield from life(
        s.CHANNELS,
        RAISED,
        (e.ConcernResponseOverdue, "2025-05-10T10:00:05Z", {"overdue_at": "2025-05-10T10:00:05.000Z"}),
        (e.ConcernResponded, "2025-05-12T09:00:00Z", s.ANSWERED),
        (e.ConcernProgressed, "2025-05-20T14:30:00Z", s.BEGUN),
        (e.ConcernAmended, "2025-05-21T08:15:00Z", {"priority": "high"}),
        (e.ConcernClosed, "2025-09-01T15:00:00Z", s.closed("resolved")),
        (e.ConcernPublished, "2025-09-02T09:00:00Z", {"publication": s.SAID}),
        (e.ConcernUnpublished, "2025-09-03T09:00:00Z", {"publication": None}),
        (e.ConcernReopened, "2025-10-01T10:00:00Z", s.BACK | {"status": "raised", "resolution": None, "decided_by": None}),
        (e.ConcernErased, "2026-11-02T10:00:00Z", GONE),
    )
    yield variant("sensitive", s.TENSION, (e.ConcernRaised, "2025-05-07T10:10:00Z", s.SENSITIVE_CONCERN))
    yield variant("erased", s.CHANNELS, (e.ConcernRaised, "2025-05-07T10:00:00Z", s.CONCERN | GONE))


def endings() -> Iterator[Told]:
    """The other ways in which a concern can end."""
    also = {"referred": {"referred_to": "North Northamptonshire Council"}, "duplicate": {"duplicate_of": s.CHANNELS}}
    for resolution in ("no_further_action", "not_responsible", "referred", "duplicate", "withdrawn"):
        ending = (e.ConcernClosed, "2025-09-01T15:00:00Z", s.closed(resolution) | also.get(resolution, {}))
        yield variant(resolution, s.identifier(resolution, "2025-05-07T10:20:00Z"), RAISED, ending)


def actions() -> Iterator[Told]:
    """A promise that is kept late, published, and taken up again; one that is sensitive, one that stands."""
    yield from life(
        s.PROMISE,
        OPENED,
        (e.ActionDueSoon, "2025-07-24T03:00:00Z", {"due_soon_at": "2025-07-24T03:00:00.000Z"}),
        (e.ActionOverdue, "2025-08-01T03:00:00Z", {"overdue_at": "2025-08-01T03:00:00.000Z"}),
        (e.ActionAmended, "2025-08-04T10:00:00Z", {"due_on": "2025-08-29"}),
        (e.ActionClosed, "2025-08-28T16:00:00Z", s.KEPT),
        (e.ActionPublished, "2025-08-29T09:00:00Z", {"publication": s.DID}),
        (e.ActionUnpublished, "2025-08-30T09:00:00Z", {"publication": None}),
        (e.ActionReopened, "2025-10-01T10:05:00Z", s.BACK | {"status": "open", "outcome": None, "outcome_note": None}),
        (e.ActionErased, "2026-11-02T10:00:00Z", GONE),
    )
    yield variant("sensitive", s.QUIET_PROMISE, (e.ActionOpened, "2025-05-07T10:40:00Z", s.SENSITIVE_ACTION))
    yield variant("erased", s.PROMISE, (e.ActionOpened, "2025-05-07T10:30:00Z", s.ACTION | GONE))
    yield variant("standing", s.OPEN_DOOR, (e.ActionOpened, "2025-05-07T10:45:00Z", s.STANDING))


def message(told: Told) -> Message:
    """What told would have been sent as."""
    event, state = told.event, told.event.state
    label = f"{event.type} {state.id} {state.version}"
    recorded = LastEvent(id=s.identifier(label, instant(told.time)), type=event.type, time=told.time)
    nonce = sha256(label.encode()).digest()[:NONCE_BYTES]
    wire = seal(state.model_copy(update={"last_event": recorded}), KEY, nonce=nonce)
    return Message(recorded.id, event.type, state.service, told.time, s.framed(wire))


def structured(sent: Message) -> dict[str, Any]:
    """The message as one JSON document, with the sealed block that only Kafka carries."""
    return sent.attributes() | {"time": instant(sent.time), "data": sent.data}


def _file(told: Told) -> str:
    name = file_of(told.event.type)
    return name if told.variant is None else f"{name.removesuffix('.json')}.{told.variant}.json"


if __name__ == "__main__":
    sys.exit(run(FOLDER, examples()))
