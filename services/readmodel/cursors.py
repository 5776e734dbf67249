"""Cursors: a place in a list, as text that a caller carries from one page to the next and need not understand."""

from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

from chassis.problems import FieldError, Refusal
from contracts.sealing import base64url, from_base64url

T = TypeVar("T")


def written(place: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """A place as text."""
    return base64url(to_json(place))


def read(cursor: str, place: TypeAdapter[T], parameter: str) -> T:
    """The place that a cursor names.

    Raises:
        Refusal: 422 when it is not one that we made.
    """
    try:
        return place.validate_json(from_base64url(cursor), strict=True)
    except ValueError:
        error = FieldError(None, "Must be as it was answered with the page before", "wrong_cursor", parameter)
        raise Refusal(422, "invalid-request", "Something in the request is wrong: see `errors`", errors=[error]) from None
