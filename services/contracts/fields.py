"""The types that fields of a state are made of: where each stands on the wire, and what it demands on entry."""

import re
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StrictBool, StrictInt, WithJsonSchema

from contracts.dates import instant
from contracts.demands import AtMost, Degrees, Distinct, KnownOn, Matching, Within
from contracts.entry import problem
from contracts.texts import Text


class Confidentiality(Enum):
    """Where a field stands in the wire form of a record."""

    FRAME = "clear, even in a sensitive record"
    CLEAR = "clear in an ordinary record"
    SEALED = "sealed always"


T = TypeVar("T")
Frame = Annotated[T, Confidentiality.FRAME]
Clear = Annotated[T, Confidentiality.CLEAR]
Sealed = Annotated[T, Confidentiality.SEALED]


def needed(description: str) -> Any:  # noqa: ANN401 - stands as the default of a field of any type
    """A field that must be entered. It is optional in the type only because a redacted state lacks it."""
    return Field(default=None, description=description, json_schema_extra={"x-needed": True})


def kept(default: Any = None, description: str | None = None) -> Any:  # noqa: ANN401 - stands as the default of a field of any type
    """A field that a patch may change and may not take out: null would not say what it is to be."""
    return Field(default=default, description=description, json_schema_extra={"x-kept": True})


_WRONG: Final = "wrong_instant"
_RFC3339: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")


def _rfc3339(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        raise problem(_WRONG, "Must be an instant with an offset, such as 2025-05-06T18:30:00Z")
    if not isinstance(value, str | datetime):
        raise problem(_WRONG, "Must be a string with an instant, such as 2025-05-06T18:30:00Z")
    return value


def _utc_milliseconds(value: datetime) -> datetime:
    try:
        at = value.astimezone(UTC)
    # An offset can carry the first and the last day of the calendar out of it.
    except OverflowError as error:
        raise problem(_WRONG, "Must be an instant between the years 1 and 9999") from error
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


Instant = Annotated[
    datetime,
    BeforeValidator(_rfc3339),
    AfterValidator(_utc_milliseconds),
    PlainSerializer(instant, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Id = Annotated[str, Matching(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "a UUID in lower case")]
ForceSlug = Annotated[str, Matching(r"[a-z0-9]+(?:-[a-z0-9]+){0,7}", "the slug of a police force")]
Line = Annotated[str, Text(200)]
PlaceLine = Annotated[str, Text(200, of_place=True)]
Prose = Annotated[str, Text(20_000, multiline=True)]
Words = Annotated[str, Text(2_000, multiline=True)]
Count = Annotated[StrictInt, Within(0, 1_000_000)]
Score = Annotated[StrictInt, Within(1, 5)]
Flag = StrictBool
KnownDate = Annotated[str, KnownOn()]
Day = Annotated[str, KnownOn(day=True)]
Coordinate = Annotated[str, Matching(r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?", "decimal degrees as a string, such as 52.6398")]
Latitude = Annotated[Coordinate, Degrees(90)]
Longitude = Annotated[Coordinate, Degrees(180)]
Lines = Annotated[tuple[Line, ...], AtMost(100)]
Ids = Annotated[tuple[Id, ...], AtMost(100), Distinct()]
