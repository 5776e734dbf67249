"""Entry is strict and points at what it refuses; what is stored or received is read openly."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.action import Action, ActionFacts, ActionOpening, WePromisedWords
from contracts.concern import Concern, ConcernClosing, ConcernFacts
from contracts.entry import Entry, merge_patch
from contracts.meeting import FeedbackFacts, Meeting, MeetingRecording, Plan
from contracts.places import Neighbourhood, NeighbourhoodFacts, OrganisationFacts

CONCERN = {"category": "drugs"}
MEETING = {"kind": "iag", "title": "Advisory group"}
ACTION = {"owner_role": "Chief Constable", "commitment": "look into it", "standing": True}
ENDING = {"resolution": "resolved", "reason": "patrols take place", "decided_by": "force"}
ID = "0197" + "0" * 4 + "-0000-7000-8000-" + "0" * 12
AREA = {"name": "Kettering Town"}
FRAME = {"id": "7", "force": "kent", "version": 1}


def refusals(facts: Any, value: Any) -> dict[str, str]:
    """What entry refuses: code by pointer."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Entry[facts]).validate_python(value)
    assert "input" not in refused.value.errors(include_input=False, include_url=False)[0]
    return {"#/" + "/".join(map(str, error["loc"])): error["type"] for error in refused.value.errors()}


@pytest.mark.parametrize(
    ("facts", "value", "pointer", "code"),
    [
        (ConcernFacts, CONCERN | {"category": "seance"}, "#/category", "unknown_code"),
        (ConcernFacts, CONCERN | {"strand": "pastafarian"}, "#/strand", "unknown_code"),
        (MeetingRecording, MEETING | {"status": "cancelled"}, "#/status", "unknown_code"),
        (ConcernFacts, CONCERN | {"mood": "calm"}, "#/mood", "unknown_field"),
        (ConcernFacts, CONCERN | {"related": [{"force": "kent", "id": "1" * 8, "x": 1}]}, "#/related/0/id", "wrong_form"),
        (Plan, MEETING | {"venue": {"name": "Hall", "floor": 2}}, "#/venue/floor", "unknown_field"),
        (ConcernFacts, {}, "#/category", "missing"),
        (ConcernFacts, {"category": None}, "#/category", "missing"),
        (FeedbackFacts, {}, "#/gist", "missing"),
        (OrganisationFacts, {"kind": "school"}, "#/name", "missing"),
        (ConcernFacts, CONCERN | {"said": "bell \x07"}, "#/said", "control_characters"),
        (Plan, MEETING | {"title": "two\nlines"}, "#/title", "control_characters"),
        (ConcernFacts, CONCERN | {"said": "half \ud800"}, "#/said", "control_characters"),
        (ConcernFacts, CONCERN | {"said": "  \n"}, "#/said", "empty"),
        (ConcernFacts, CONCERN | {"said": "x" * 20_001}, "#/said", "too_long"),
        (Plan, MEETING | {"hosts": ["Chief Constable", "x" * 201]}, "#/hosts/1", "too_long"),
        (Plan, MEETING | {"hosts": ["Chief Constable"] * 101}, "#/hosts", "too_many"),
        (ConcernFacts, CONCERN | {"said": "ask jo@example.org"}, "#/said", "contact_details"),
        (Plan, MEETING | {"venue": {"address": "ring 07700 900123"}}, "#/venue/address", "contact_details"),
        (MeetingRecording, MEETING | {"activities": ["tea", "QQ 12 34 56 C"]}, "#/activities/1", "contact_details"),
        (MeetingRecording, MEETING | {"attendance": {"heads_total": -1}}, "#/attendance/heads_total", "out_of_range"),
        (MeetingRecording, MEETING | {"attendance": {"heads_total": 10**9}}, "#/attendance/heads_total", "out_of_range"),
        (MeetingRecording, MEETING | {"attendance": {"heads_total": 1.5}}, "#/attendance/heads_total", "int_type"),
        (MeetingRecording, MEETING | {"attendance": {"named": [{}]}}, "#/attendance/named/0/organisation_id", "missing"),
        (FeedbackFacts, {"gist": "good", "confidence_after": 6}, "#/confidence_after", "out_of_range"),
        (MeetingRecording, MEETING | {"held_on": "06/05/2025"}, "#/held_on", "wrong_date"),
        (MeetingRecording, MEETING | {"held_on": "2025-02-30"}, "#/held_on", "wrong_date"),
        (MeetingRecording, MEETING | {"held_on": "٢٠٢٥-٠٣"}, "#/held_on", "wrong_date"),
        (ActionFacts, ACTION | {"due_on": "2025-05", "standing": False}, "#/due_on", "wrong_date"),
        (Plan, MEETING | {"starts_at": "2025-05-06"}, "#/starts_at", "wrong_instant"),
        (Plan, MEETING | {"starts_at": "2025-05-06T18:30:00"}, "#/starts_at", "wrong_instant"),
        (Plan, MEETING | {"starts_at": 1746556200}, "#/starts_at", "wrong_instant"),
        (Plan, MEETING | {"starts_at": "9999-12-31T23:59:59-14:00"}, "#/starts_at", "wrong_instant"),
        (Plan, MEETING | {"starts_at": "0001-01-01T00:00:00+14:00"}, "#/starts_at", "wrong_instant"),
        (ConcernFacts, CONCERN | {"meeting_id": "../../etc"}, "#/meeting_id", "wrong_form"),
        (ConcernFacts, CONCERN | {"sensitive": "yes"}, "#/sensitive", "bool_type"),
        (ConcernFacts, CONCERN | {"said": 7}, "#/said", "string_type"),
        (NeighbourhoodFacts, AREA | {"url_force": "javascript:alert(1)"}, "#/url_force", "wrong_form"),
        (NeighbourhoodFacts, AREA | {"url_force": "https://example.org/\ud800"}, "#/url_force", "wrong_form"),
        (NeighbourhoodFacts, AREA | {"centre": {"latitude": "north", "longitude": "0"}}, "#/centre/latitude", "wrong_form"),
        (NeighbourhoodFacts, AREA | {"population": "١٢"}, "#/population", "wrong_form"),
        (ActionFacts, ACTION | {"standing": False}, "#/due_on", "due_or_standing"),
        (NeighbourhoodFacts, AREA | {"url_force": "https://example.org/ask?to=jo@example.org"}, "#/url_force", "contact_details"),
        (NeighbourhoodFacts, AREA | {"url_force": "https://example.org/jo%40example.org"}, "#/url_force", "contact_details"),
        (NeighbourhoodFacts, AREA | {"links": [{"title": "Ask", "url": "https://e.org/07700900123"}]}, "#/links/0/url", "contact_details"),
        (NeighbourhoodFacts, AREA | {"centre": {"latitude": "90.1", "longitude": "0"}}, "#/centre/latitude", "out_of_range"),
        (NeighbourhoodFacts, AREA | {"boundary": [{"latitude": "52", "longitude": "-181"}]}, "#/boundary/0/longitude", "out_of_range"),
        (ConcernFacts, CONCERN | {"related": [{"force": "atlantis", "id": ID}]}, "#/related/0/force", "unknown_force"),
        (ConcernFacts, CONCERN | {"related": [{"force": "kent", "id": ID}] * 2}, "#/related/1", "named_twice"),
        (ActionFacts, ACTION | {"answers": [ID, ID]}, "#/answers/1", "named_twice"),
        (ConcernClosing, ENDING | {"resolution": "duplicate"}, "#/duplicate_of", "duplicate_of"),
        (ConcernClosing, ENDING | {"duplicate_of": ID}, "#/duplicate_of", "duplicate_of"),
        (ActionFacts, ACTION | {"due_on": "2025-05-06"}, "#/due_on", "due_or_standing"),
        (ActionOpening, ACTION | {"status": "closed"}, "#/outcome", "outcome"),
        (ActionOpening, ACTION | {"outcome": "completed"}, "#/outcome", "outcome"),
        (WePromisedWords, {}, "#/we_promised", "missing"),
        (ConcernFacts, [], "#/", "model_type"),
    ],
)
def test_entry_points_at_what_it_refuses(facts: Any, value: Any, pointer: str, code: str) -> None:
    assert refusals(facts, value).get(pointer) == code


def test_an_action_without_a_day_stands_unless_that_is_denied() -> None:
    without = {name: value for name, value in ACTION.items() if name != "standing"}

    assert TypeAdapter(Entry[ActionFacts]).validate_python(without).standing
    assert not TypeAdapter(Entry[ActionFacts]).validate_python(without | {"due_on": "2025-06-30"}).standing
    assert not Action.from_opened(FRAME).standing


def test_entry_names_every_unknown_and_every_missing_field_at_once() -> None:
    assert refusals(ConcernFacts, {"mood": 1, "weather": 2}) == {
        "#/mood": "unknown_field",
        "#/weather": "unknown_field",
        "#/category": "missing",
    }


def test_a_refusal_never_repeats_what_was_sent() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Entry[ConcernFacts]).validate_python({"category": "secret-7", "said": "secret@example.org", "locality": "secret\x00"})

    assert "secret" not in str(refused.value.errors(include_input=False, include_url=False))


@pytest.mark.parametrize(
    ("model", "stored"),
    [
        (Concern, CONCERN | {"category": "seance", "mood": "calm", "said": "ask jo@example.org \x07", "raised_on": "around Easter"}),
        (Meeting, {"kind": "seance", "title": "x" * 9_999, "venue": {"name": "", "floor": 2}, "attendance": {"heads_total": -4}}),
        (Action, {"owner_role": "Chief Constable", "standing": True, "due_on": "soon", "outcome": "sung"}),
        (Neighbourhood, {"url_force": "gopher://example.org", "population": "many"}),
    ],
)
def test_the_open_reading_keeps_what_entry_refuses(model: Any, stored: dict[str, Any]) -> None:
    opened = model.from_opened(FRAME | stored).opened()

    assert merge_patch(opened, stored) == opened


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        (ConcernFacts, CONCERN | {"said": "Lights\nare out on the A509.", "raised_on": "2025-03", "related": []}),
        (MeetingRecording, MEETING | {"status": "held", "held_on": None, "attendance": {"organisations_total": 11, "named": []}}),
        (Plan, MEETING | {"starts_at": "2025-05-06T19:30:00.5+01:00"}),
        (ActionOpening, ACTION | {"status": "closed", "outcome": "completed"}),
        (ActionFacts, ACTION | {"standing": False, "due_on": "2025-05-06"}),
        (WePromisedWords, {"we_did": "A visit was made."}),
    ],
)
def test_entry_accepts_what_is_ordinary(facts: Any, value: Any) -> None:
    assert isinstance(TypeAdapter(Entry[facts]).validate_python(value), facts)


def test_a_state_begins_with_what_was_entered_and_knows_no_more() -> None:
    facts = TypeAdapter(Entry[ActionOpening]).validate_python(ACTION | {"status": "closed", "outcome": "completed"})

    action = Action.begin(facts, id="7", force="kent")

    assert (action.version, action.status, action.outcome, action.model_extra) == (1, "closed", "completed", {})
