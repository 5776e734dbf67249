"""The OpenAPI document says of a request exactly what entry accepts, and leaves answers open."""

import json
from copy import deepcopy
from typing import Annotated, Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from contracts.action import ActionClosing, ActionFacts, WePromisedWords
from contracts.concern import Concern, ConcernClosing, ConcernFacts, Progressing
from contracts.entry import Entry, Patch, PatchOf
from contracts.fields import Id
from contracts.meeting import Meeting, MeetingFacts, MeetingRecording
from contracts.places import Neighbourhood, NeighbourhoodFacts
from contracts.requests import REF, close


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/concerns")
    def raise_concern(wish: Entry[ConcernFacts]) -> Concern:
        raise NotImplementedError

    @app.patch("/concerns/{subject}")
    def amend_concern(subject: Id, wish: Annotated[Patch, PatchOf(ConcernFacts)], under: Id | None = None) -> Concern:
        raise NotImplementedError

    @app.post("/concerns/{subject}/close")
    def close_concern(subject: Id, wish: Entry[ConcernClosing]) -> Concern:
        raise NotImplementedError

    @app.post("/concerns/{subject}/progress")
    def progress(subject: Id, wish: Entry[Progressing] = Progressing()) -> Concern:  # noqa: B008 - it is frozen
        raise NotImplementedError

    @app.post("/meetings")
    def record_meeting(wish: Entry[MeetingRecording]) -> Meeting:
        raise NotImplementedError

    @app.patch("/meetings/{subject}")
    def amend_meeting(subject: Id, wish: Annotated[Patch, PatchOf(MeetingFacts)]) -> Meeting:
        raise NotImplementedError

    @app.post("/actions/{subject}/close")
    def close_action(subject: Id, wish: Entry[ActionClosing]) -> Concern:
        raise NotImplementedError

    @app.patch("/neighbourhoods/{subject}")
    def amend_neighbourhood(subject: Id, wish: Annotated[Patch, PatchOf(NeighbourhoodFacts)]) -> Neighbourhood:
        raise NotImplementedError

    return app


MADE = application().openapi()
CLOSED = close(MADE)
SCHEMAS = CLOSED["components"]["schemas"]


def body(path: str, method: str = "post") -> dict[str, Any]:
    return dict(CLOSED["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"])


def accepts(path: str, value: Any, method: str = "post") -> bool:
    return bool(Draft202012Validator(body(path, method) | {"components": CLOSED["components"]}).is_valid(value))


def test_the_document_that_is_given_is_left_as_it_was() -> None:
    before = deepcopy(MADE)

    close(MADE)

    assert before == MADE


def test_nothing_of_ours_is_left_but_known_values() -> None:
    text = json.dumps(CLOSED)

    assert not [keyword for keyword in ("x-always", "x-entry", "x-kept", "x-needed", "x-patch") if keyword in text]
    assert "x-known-values" in json.dumps(SCHEMAS["Concern"])
    assert "x-known-values" not in json.dumps(SCHEMAS["ConcernFactsRequest"])


def test_every_schema_of_the_document_is_a_schema_and_every_reference_leads_somewhere() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
    references = {piece.split('"')[0] for piece in json.dumps(CLOSED).split(REF)[1:]}
    assert references == SCHEMAS.keys()


def test_answers_stay_open() -> None:
    assert SCHEMAS["Concern"]["additionalProperties"] is True
    assert SCHEMAS["Venue"]["additionalProperties"] is True
    assert SCHEMAS["Concern"]["required"] == ["id", "force", "version"]
    assert "enum" not in json.dumps(SCHEMAS["Concern"])


def test_a_parameter_loses_what_only_entry_demands() -> None:
    parameters = CLOSED["paths"]["/concerns/{subject}"]["patch"]["parameters"]

    assert [parameter["schema"]["title"] for parameter in parameters] == ["Subject", "Under"]
    assert "pattern" not in json.dumps(parameters)


def test_what_must_be_entered_is_required_and_not_null() -> None:
    assert SCHEMAS["ConcernFactsRequest"]["required"] == ["category"]
    assert set(SCHEMAS["ConcernClosingRequest"]["required"]) == {"resolution", "reason", "decided_by"}
    assert SCHEMAS["ActionClosingRequest"]["required"] == ["outcome"]
    assert SCHEMAS["ActionClosingRequest"]["properties"]["outcome"]["type"] == "string"
    assert "required" not in SCHEMAS["ProgressingRequest"]


def test_a_body_that_may_be_left_out_stays_so() -> None:
    assert "required" not in CLOSED["paths"]["/concerns/{subject}/progress"]["post"]["requestBody"]


@pytest.mark.parametrize(
    ("path", "model", "value"),
    [
        ("/concerns", ConcernFacts, {"category": "drugs"}),
        ("/concerns", ConcernFacts, {"category": "drugs", "said": None, "related": [{"force": "kent", "id": "x"}]}),
        ("/concerns", ConcernFacts, {"category": None}),
        ("/concerns", ConcernFacts, {"category": "séance"}),
        ("/concerns", ConcernFacts, {"category": "drugs", "mood": "calm"}),
        ("/concerns", ConcernFacts, {"category": "drugs", "said": " "}),
        ("/concerns", ConcernFacts, {"category": "drugs", "locality": "x" * 201}),
        ("/concerns", ConcernFacts, {"category": "drugs", "raised_on": "2025-3"}),
        ("/concerns", ConcernFacts, {"category": "drugs", "raised_on": "2025-03"}),
        ("/concerns", ConcernFacts, {"category": "drugs", "sensitive": "yes"}),
        ("/concerns", ConcernFacts, {"category": "drugs", "priority": None}),
        ("/concerns", ConcernFacts, []),
        ("/meetings", MeetingRecording, {"kind": "iag", "title": "Group", "status": "cancelled"}),
        ("/meetings", MeetingRecording, {"kind": "iag", "title": "Group", "venue": {"name": "Hall", "floor": 2}}),
        ("/meetings", MeetingRecording, {"kind": "iag", "title": "Group", "attendance": {"heads_total": -1}}),
        ("/meetings", MeetingRecording, {"kind": "iag", "title": "Group", "attendance": {"named": [{"heads": 1}]}}),
        ("/meetings", MeetingRecording, {"kind": "iag", "title": "Group", "hosts": ["Chief Constable"] * 101}),
        ("/actions/{subject}/close", ActionClosing, {"outcome_note": "done"}),
        ("/actions/{subject}/close", ActionClosing, {"outcome": "completed"}),
    ],
)
def test_a_schema_accepts_what_entry_accepts(path: str, model: Any, value: Any) -> None:
    assert accepts(path, value) is entered(model, value)


@pytest.mark.parametrize(
    "value",
    [
        {"title": "Group"},
        {"title": None},
        {"venue": None},
        {"venue": {"name": None}},
        {"venue": {"floor": 2}},
        {"attendance": {"named": [{"heads": 1}]}},
        {"attendance": {"heads_total": 4}},
        {"hosts": None},
        {"status": "held"},
        {"kind": "seance"},
        {"sensitive": None},
        {"sensitive": False},
        {},
    ],
)
def test_a_schema_of_a_patch_accepts_what_a_patch_accepts(value: dict[str, Any]) -> None:
    meeting = Meeting(id="7", force="kent", version=1, kind="iag", title="Group")

    assert accepts("/meetings/{subject}", value, "patch") is patched(meeting, value)


def test_a_patch_requires_nothing_changes_something_and_knows_no_default() -> None:
    schema = SCHEMAS["ConcernFactsPatch"]

    assert (schema["minProperties"], schema["additionalProperties"], "required" in schema) == (1, False, False)
    assert "default" not in json.dumps(schema)


def test_a_part_that_is_merged_is_a_patch_and_an_item_of_a_list_is_not() -> None:
    assert "required" not in SCHEMAS["PointPatch"]
    assert SCHEMAS["PointRequest"]["required"] == ["latitude", "longitude"]
    assert "minProperties" not in SCHEMAS["PointPatch"]


def test_a_document_without_bodies_stays_what_it_is() -> None:
    bare = FastAPI().openapi()

    assert close(bare) == bare | {"components": {"schemas": {}}}


def test_models_that_no_route_takes_are_not_made() -> None:
    assert not [name for name in SCHEMAS if name.startswith((ActionFacts.__name__, WePromisedWords.__name__))]


def entered(facts: Any, value: Any) -> bool:
    try:
        TypeAdapter(Entry[facts]).validate_python(value)
    except ValidationError:
        return False
    return True


def patched(state: Meeting, value: dict[str, Any]) -> bool:
    try:
        TypeAdapter(Annotated[Patch, PatchOf(MeetingFacts)]).validate_python(value).apply(state)
    except ValidationError:
        return False
    return True
