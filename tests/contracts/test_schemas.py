"""The published schemas say what is on the wire, and every example holds to them."""

import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, FormatChecker

from contracts import examples, schemas
from contracts.codec import Message, decode, encode
from contracts.entry import Entering
from contracts.event import EVENTS, Model, dataschema
from contracts.operations import ERASED, STATUSES, row_of
from contracts.releases import RELEASED, read, versions
from contracts.sealing import DataKey, redact, seal, unseal
from contracts.state import LastEvent
from tests.contracts.states import MODELS, any_opened, moderate

SCHEMAS = {path.name: read(path) for path in schemas.FOLDER.glob("*.json")}
EXAMPLES = {path.name: read(path) for path in examples.FOLDER.glob("*.json")}
KEY = DataKey("one", bytes(32))
each_event = pytest.mark.parametrize("event_type", sorted(EVENTS))
each_example = pytest.mark.parametrize("name", sorted(EXAMPLES))


def validator(event_type: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[schemas.file_of(event_type)], format_checker=FormatChecker())


def message(example: dict[str, Any]) -> Message:
    service = example["source"].split("/")[3]
    return Message(
        example["id"], example["type"], service, LastEvent.model_validate(example | {"time": example["time"]}).time, example["data"]
    )


def walk(node: Any) -> list[dict[str, Any]]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return ([node] if isinstance(node, dict) else []) + [found for value in inner for found in walk(value)]


@each_event
def test_every_event_has_a_valid_schema_that_is_named_as_its_dataschema(event_type: str) -> None:
    schema = SCHEMAS[schemas.file_of(event_type)]

    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == dataschema(event_type)
    assert schema["description"] == EVENTS[event_type].__doc__


@each_event
def test_a_schema_names_the_forms_of_its_event(event_type: str) -> None:
    titles = [form["title"] for form in SCHEMAS[schemas.file_of(event_type)]["anyOf"]]

    assert titles == (["Erased"] if row_of(event_type).after == (ERASED,) else ["Ordinary", "Sensitive", "Erased"])


@each_event
def test_a_schema_is_open(event_type: str) -> None:
    nodes = walk(SCHEMAS[schemas.file_of(event_type)])

    assert [node for node in nodes if node.get("additionalProperties") is False or isinstance(node.get("enum"), list)] == []
    assert [node for node in nodes if {"x-always", "x-entry", "x-kept", "x-needed", "default"} & node.keys()] == []


@each_event
def test_the_registry_holds_one_example_of_every_event(event_type: str) -> None:
    assert EXAMPLES[schemas.file_of(event_type)]["type"] == event_type


@each_example
def test_every_example_validates_against_its_schema(name: str) -> None:
    validator(EXAMPLES[name]["type"]).validate(EXAMPLES[name]["data"])


@each_example
def test_every_example_is_read_back_as_it_was_written(name: str) -> None:
    given_message = message(EXAMPLES[name])
    key, value, headers = encode(given_message)

    assert decode(value, key, headers) == given_message
    model = given_message.model
    assert model is not None
    state = unseal(model, given_message.data, examples.KEY)
    last = EXAMPLES[name]["data"]["last_event"]
    assert (state.version, state.model_extra, last["id"]) == (int(EXAMPLES[name]["sequence"]), {}, EXAMPLES[name]["id"])


@each_example
def test_every_example_holds_only_what_may_be_entered(name: str) -> None:
    sent = message(EXAMPLES[name])
    assert sent.model is not None
    if "erased_at" in sent.data:
        return
    opened = unseal(sent.model, sent.data, examples.KEY).opened()
    facts: Any = next(base for base in sent.model.__bases__ if base.__name__.endswith("Facts"))

    facts.model_validate({field: opened[field] for field in facts.model_fields}, context=Entering())


@pytest.mark.parametrize("form", ["sensitive", "erased"])
@pytest.mark.parametrize("event", ["concern-raised", "action-opened"])
def test_two_events_are_shown_in_every_form(event: str, form: str) -> None:
    data = EXAMPLES[f"{event}.v1.{form}.json"]["data"]

    assert data["sensitive"] is True if form == "sensitive" else data.keys() == {"id", "force", "version", "erased_at", "last_event"}


def test_an_erasure_is_shown_as_what_it_leaves() -> None:
    for event_type, event in EVENTS.items():
        if event.__name__.endswith("Erased"):
            assert "sealed" not in EXAMPLES[schemas.file_of(event_type)]["data"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_examples_of_a_model_show_every_status(model: Model) -> None:
    shown = {example["data"].get("status") for example in EXAMPLES.values() if EVENTS[example["type"]].model is model}

    assert shown - {None} == (set(STATUSES[model]) if "status" in model.model_fields else set())


def test_an_example_stands_in_a_status_that_its_operation_allows() -> None:
    for example in EXAMPLES.values():
        if "status" in example["data"]:
            assert example["data"]["status"] in row_of(example["type"]).after


@moderate
@given(any_opened())
def test_the_wire_form_of_any_state_validates(made: tuple[Model, dict[str, Any]]) -> None:
    model, opened = made
    wire = seal(model.from_opened(opened), KEY)

    for event_type, event in EVENTS.items():
        if event.model is model and row_of(event_type).after != (ERASED,):
            validator(event_type).validate(wire)
            validator(event_type).validate(redact(model, wire, sensitive=bool(opened["sensitive"])))
            return


def test_a_record_without_what_every_form_carries_does_not_validate() -> None:
    data = EXAMPLES["concern-raised.v1.json"]["data"]

    for name in ("id", "force", "version", "sensitive", "status", "category", "publication"):
        assert not validator("engagement.concern-raised.v1").is_valid({key: value for key, value in data.items() if key != name})


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("concern-raised", "category"),
        ("concern-raised", "raised_at"),
        ("concern-raised", "last_event"),
        ("action-opened", "owner_role"),
        ("action-opened", "opened_at"),
        ("meeting-scheduled", "kind"),
        ("meeting-scheduled", "title"),
        ("meeting-scheduled", "recorded_at"),
        ("feedback-received", "meeting_id"),
        ("feedback-received", "received_at"),
        ("organisation-registered", "name"),
        ("organisation-registered", "registered_at"),
        ("neighbourhood-registered", "name"),
        ("neighbourhood-registered", "registered_at"),
    ],
)
def test_what_is_set_at_birth_is_never_null(name: str, field: str) -> None:
    data = EXAMPLES[f"{name}.v1.json"]["data"]

    assert data[field] is not None
    assert not validator(f"engagement.{name}.v1").is_valid(data | {field: None})


@pytest.mark.parametrize(("name", "lacking"), [("concern", "you_said"), ("concern", "published_at"), ("action", "published_at")])
def test_what_is_published_says_its_words_and_when(name: str, lacking: str) -> None:
    data = EXAMPLES[f"{name}-published.v1.json"]["data"]
    without = {key: value for key, value in data["publication"].items() if key != lacking}

    assert not validator(f"engagement.{name}-published.v1").is_valid(data | {"publication": without})
    assert not validator(f"engagement.{name}-published.v1").is_valid(data | {"publication": data["publication"] | {lacking: None}})


def test_what_was_done_may_be_published_alone_and_an_open_record_may_lack_its_end() -> None:
    data = EXAMPLES["action-published.v1.json"]["data"]

    validator("engagement.action-published.v1").validate(data | {"publication": data["publication"] | {"we_promised": None}})
    validator("engagement.concern-raised.v1").validate(EXAMPLES["concern-raised.v1.json"]["data"] | {"resolution": None, "closed_at": None})


@pytest.mark.parametrize("block", [{}, {"kid": "k", "nonce": "short", "ct": "A" * 22}, {"kid": "k", "nonce": "A" * 16, "ct": "="}, None])
def test_a_block_of_another_shape_does_not_validate(block: Any) -> None:
    data = EXAMPLES["concern-raised.v1.json"]["data"]

    assert not validator("engagement.concern-raised.v1").is_valid(data | {"sealed": block})


def test_an_unknown_code_and_an_unknown_field_validate() -> None:
    data = EXAMPLES["meeting-held.v1.json"]["data"] | {"kind": "seance", "weather": {"rain": True}}

    validator("engagement.meeting-held.v1").validate(data)


def test_a_code_names_its_known_values() -> None:
    ordinary = SCHEMAS["concern-raised.v1.json"]["anyOf"][0]["properties"]

    assert "hate-crime" in ordinary["category"]["x-known-values"]
    assert ordinary["status"]["x-known-values"] == ["raised"]


def test_every_released_example_can_still_be_read() -> None:
    for path in (path for version in versions() for path in (RELEASED / version / "examples").glob("*.json")):
        example = message(read(path))
        assert example.model is not None
        validator(example.type).validate(example.data)
        assert unseal(example.model, example.data, examples.KEY).model_extra == {}


def test_the_examples_are_the_same_in_every_run() -> None:
    assert json.dumps(examples.examples()) == json.dumps(examples.examples())
