"""Hypothesis strategies for states of every model, made from the models' own fields."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.dates import instant
from contracts.event import EVENTS, Model
from contracts.sealing import KEY_BYTES, DataKey

moderate = settings(max_examples=30)
"""As many examples as a shared machine bears in every run; a state is large, and takes its time to draw."""

MODELS = sorted({event.model for event in EVENTS.values()}, key=lambda model: model.__name__)

TEXTS = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)
UNKNOWN = st.dictionaries(st.sampled_from(["drone_footage", "später", "x"]), JSON, max_size=2)
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(instant)  # noqa: DTZ001 - the strategy adds the zone
KEYS = st.builds(DataKey, st.uuids().map(str), st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))


def values(annotation: Any, *, null: bool = True) -> st.SearchStrategy[Any]:
    """JSON values of a field's type, as an open reader accepts them; perhaps null where the type allows it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values(arguments[0], null=null)
    if origin in {Union, UnionType}:
        return st.one_of([values(argument) for argument in arguments if null or argument is not NoneType])
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return objects(annotation)
    return {str: TEXTS, int: st.integers(0, 10**6), bool: st.booleans(), datetime: INSTANTS, NoneType: st.none()}[annotation]


def objects(model: type[BaseModel], fixed: Mapping[str, st.SearchStrategy[Any]] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects of a model, some with fields that it does not know; what is always there is not null."""
    always: frozenset[str] = getattr(model, "always", frozenset())
    fields = {name: values(field.annotation, null=name not in always) for name, field in model.model_fields.items()}
    known = st.fixed_dictionaries(fields | dict(fixed or {}))
    return st.builds(lambda given, unknown: given | unknown, known, UNKNOWN)


def opened(model: Model, *, sensitive: bool | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Opened forms of a state that is not erased."""
    fixed: dict[str, st.SearchStrategy[Any]] = {
        "version": st.integers(1, 10**9),
        "sensitive": st.booleans() if sensitive is None else st.just(sensitive),
        "erased_at": st.none(),
    }
    return objects(model, fixed)


def any_opened() -> st.SearchStrategy[tuple[Model, dict[str, Any]]]:
    """A model, and the opened form of one of its states."""
    return st.sampled_from(MODELS).flatmap(lambda model: st.tuples(st.just(model), opened(model)))
