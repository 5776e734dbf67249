"""The types that fields of a state are made of. What they demand holds on entry; what is stored is read openly."""

import re
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import unquote

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    StrictBool,
    StrictInt,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError, core_schema

from contracts.dates import instant, span
from contracts.entry import entering, problem
from contracts.forces import FORCES
from contracts.screening import contact_detail, has_control


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


def _contact(value: str) -> PydanticCustomError | None:
    found = contact_detail(value)
    return (
        None if found is None else problem("contact_details", f"Take out what looks like {found}: write what was raised, not who raised it")
    )


@dataclass(frozen=True)
class Demand:
    """Something that entry demands of a value. Subclasses say what, to Python and to JSON Schema."""

    def refusal(self, value: Any) -> PydanticCustomError | ValidationError | None:  # noqa: ANN401 - a value of any type
        """Why the value may not be entered, or None. A validation error points further in."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The JSON Schema keywords that say the same of a request."""
        return {}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - a value of any type
        """Check after the type, on entry alone."""
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Carry the demand as `x-entry`, which `requests.close` puts in place and the wire schemas leave out."""
        inner = dict(handler(schema))
        return inner | {"x-entry": inner.get("x-entry", {}) | self.schema()}

    def _check(self, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a value of any type
        if entering(info) is not None and (refused := self.refusal(value)):
            raise refused
        return value


@dataclass(frozen=True)
class Text(Demand):
    """Text of a length, without control characters or contact details."""

    longest: int
    multiline: bool = False

    def refusal(self, value: str) -> PydanticCustomError | None:
        """Too long, empty, with control characters, or with something that identifies a person."""
        if not value.strip():
            return problem("empty", "Write something, or leave the field out")
        if len(value) > self.longest:
            return problem("too_long", f"At most {self.longest} characters")
        if has_control(value, multiline=self.multiline):
            return problem("control_characters", "Take out the control characters")
        return _contact(value)

    def schema(self) -> dict[str, Any]:
        """A bounded string with something to read in it."""
        return {"minLength": 1, "maxLength": self.longest, "pattern": r"\S"}


@dataclass(frozen=True)
class Screened(Demand):
    """Text of another form, such as an address, that holds no contact details either: written as they are, or escaped."""

    def refusal(self, value: str) -> PydanticCustomError | None:
        """With something that identifies a person."""
        return _contact(value) or _contact(unquote(value))


@dataclass(frozen=True)
class Within(Demand):
    """A number within bounds, both included."""

    least: float
    most: float

    def refusal(self, value: float) -> PydanticCustomError | None:
        """Outside the bounds."""
        return None if self.least <= value <= self.most else problem("out_of_range", f"From {self.least} to {self.most}")

    def schema(self) -> dict[str, Any]:
        """The bounds."""
        return {"minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class AtMost(Demand):
    """A list of no more than so many items."""

    items: int

    def refusal(self, value: Sized) -> PydanticCustomError | None:
        """Too many."""
        return None if len(value) <= self.items else problem("too_many", f"At most {self.items} items")

    def schema(self) -> dict[str, Any]:
        """The bound."""
        return {"maxItems": self.items}


@dataclass(frozen=True)
class Distinct(Demand):
    """A list that names nothing twice; of items with parts, one part tells them apart."""

    by: str | None = None

    def refusal(self, value: Sequence[Any]) -> ValidationError | None:
        """The first item that was there already, by its place."""
        names = [getattr(item, self.by) if self.by else item for item in value]
        twice = next((place for place, name in enumerate(names) if name in names[:place]), None)
        if twice is None:
            return None
        refused = InitErrorDetails(
            type=problem("named_twice", "This is named already: name it once"), loc=(twice, *([self.by] if self.by else [])), input=None
        )
        return ValidationError.from_exception_data(type(self).__name__, [refused])

    def schema(self) -> dict[str, Any]:
        """What JSON Schema can say of it: no item stands there twice."""
        return {} if self.by else {"uniqueItems": True}


@dataclass(frozen=True)
class OneOf(Demand):
    """A code of a vocabulary: checked on entry, open in events."""

    vocabulary: type[StrEnum]

    def refusal(self, value: str) -> PydanticCustomError | None:
        """Not in the vocabulary."""
        if value in set(self.vocabulary):
            return None
        return problem("unknown_code", f"Use one of: {', '.join(self.vocabulary)}")

    def schema(self) -> dict[str, Any]:
        """The vocabulary, as an enumeration of the request."""
        return {"enum": [str(code) for code in self.vocabulary]}


@dataclass(frozen=True)
class Matching(Demand):
    """Text of one form."""

    pattern: str
    form: str

    def refusal(self, value: str) -> PydanticCustomError | None:
        """Not of that form."""
        return (
            None
            if re.fullmatch(self.pattern, value) and not has_control(value, multiline=False)
            else problem("wrong_form", f"Must be {self.form}")
        )

    def schema(self) -> dict[str, Any]:
        """The pattern."""
        return {"pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True)
class Degrees(Demand):
    """Decimal degrees on either side of zero; what is no number was refused before."""

    most: int

    def refusal(self, value: str) -> PydanticCustomError | None:
        """Off the map."""
        return None if abs(float(value)) <= self.most else problem("out_of_range", f"From -{self.most} to {self.most} degrees")


@dataclass(frozen=True)
class OneOfTheForces(Demand):
    """A police force that there is; a stored slug stays what it is."""

    def refusal(self, value: str) -> PydanticCustomError | None:
        """No force of that slug."""
        return None if value in FORCES else problem("unknown_force", "There is no such police force")


@dataclass(frozen=True)
class KnownOn(Demand):
    """A date as it is known: `YYYY-MM-DD` or `YYYY-MM`."""

    day: bool = False

    def refusal(self, value: str) -> PydanticCustomError | None:
        """Not a date, or less exact than asked for."""
        try:
            bounds = span(value)
        except ValueError:
            return problem("wrong_date", self.form)
        return problem("wrong_date", self.form) if self.day and bounds is not None and len(value) == len("2025-03") else None

    @property
    def form(self) -> str:
        """What it must look like."""
        return "Must be a day: YYYY-MM-DD" if self.day else "Must be YYYY-MM-DD, or YYYY-MM where only the month is known"

    def schema(self) -> dict[str, Any]:
        """A pattern; that the day exists cannot be said in JSON Schema."""
        return {"format": "date"} if self.day else {"pattern": r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"}


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
