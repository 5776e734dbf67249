"""What every model of a state declares."""

from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from contracts.event import EVENTS, Model, dataschema, name_of, type_of
from contracts.fields import Confidentiality
from contracts.state import ERASED_FIELDS, Facts, fields_of
from tests.contracts.states import MODELS

models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@models
def test_every_field_says_once_how_confidential_it_is(model: Model) -> None:
    said = {name: [mark for mark in field.metadata if isinstance(mark, Confidentiality)] for name, field in model.model_fields.items()}

    assert {name: marks for name, marks in said.items() if len(marks) != 1} == {}


@models
def test_every_field_has_a_default_but_those_that_every_form_carries(model: Model) -> None:
    assert {name for name, field in model.model_fields.items() if field.is_required()} == {"id", "force", "version"}


@models
def test_no_part_of_a_clear_field_is_marked_sealed(model: Model) -> None:
    # A mark within a part would be a promise that nobody keeps: the codec divides a state at its top.
    inside = [mark for field in model.model_fields.values() for mark in marks(field.annotation)]

    assert inside == []


@models
def test_an_erased_form_is_part_of_the_frame(model: Model) -> None:
    assert fields_of(model, Confidentiality.FRAME) >= ERASED_FIELDS


@models
def test_a_part_keeps_what_it_does_not_know(model: Model) -> None:
    assert {part.__name__ for part in parts(model) if part.model_config.get("extra") != "allow"} == set()


def test_what_must_be_sealed_is_sealed_in_every_model() -> None:
    spoken = {
        "said",
        "response",
        "progress",
        "reason",
        "gist",
        "barriers",
        "commitment",
        "outcome_note",
        "minutes",
        "notes",
        "attendance_note",
    }

    for model in MODELS:
        assert spoken & model.model_fields.keys() == fields_of(model, Confidentiality.SEALED)


def test_the_frame_is_what_the_wire_leaves_clear_in_a_sensitive_record() -> None:
    frames = {model.__name__: fields_of(model, Confidentiality.FRAME) for model in MODELS}
    everywhere = {"id", "force", "version", "sensitive", "last_event", "erased_at"}
    dates = {name for frame in frames.values() for name in frame if name.endswith(("_at", "_on", "_from", "_to", "_due"))}
    links = {"meeting_id", "answers", "related"}

    assert set().union(*frames.values()) <= everywhere | dates | links | {"status", "recorded_late"}


def test_a_type_a_name_and_a_schema_belong_together() -> None:
    for event_type in EVENTS:
        assert type_of(name_of(event_type)) == event_type
        assert dataschema(event_type) == f"urn:roundtable:schema:{name_of(event_type)}:v1"


def test_an_event_is_named_as_its_class() -> None:
    for event_type, event in EVENTS.items():
        assert name_of(event_type).replace("-", "") == event.__name__.lower()


def marks(annotation: Any) -> list[Confidentiality]:
    """Every mark within a type, however deep."""
    own = [mark for mark in annotation.__metadata__ if isinstance(mark, Confidentiality)] if get_origin(annotation) is Annotated else []
    if isinstance(annotation, type) and issubclass(annotation, Facts):
        inner = [item for field in annotation.model_fields.values() for item in (*field.metadata, *marks(field.annotation))]
        return [mark for mark in inner if isinstance(mark, Confidentiality)]
    return own + [mark for argument in get_args(annotation) for mark in marks(argument)]


def parts(annotation: Any) -> set[type[BaseModel]]:
    """The models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}.union(*(parts(field.annotation) for field in annotation.model_fields.values()))
    return set().union(*(parts(argument) for argument in get_args(annotation) if argument is not NoneType))
