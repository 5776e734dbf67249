"""What fields demand of a value on entry, each once for Python and for JSON Schema. What is stored is read openly."""

import re
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError, core_schema

from contracts.dates import span
from contracts.entry import entering, problem
from contracts.forces import FORCES
from contracts.screening import has_control


@dataclass(frozen=True)
class Demand:
    """Something that entry demands of a value. Subclasses say what, to Python and to JSON Schema."""

    def refusal(self, value: Any) -> PydanticCustomError | ValidationError | None:  # noqa: ANN401 - a value of any type
        """Why the value may not be entered, or None. A validation error points further in."""
        raise NotImplementedError

    def finding(self, value: Any) -> PydanticCustomError | None:  # noqa: ARG002, ANN401 - a value of any type, which few look into
        """What screening finds in a value that may be entered otherwise, or None. A caller can vouch for it."""
        return None

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
        context = entering(info)
        if context is not None and (refused := self.refusal(value) or (self.finding(value) if context.screens else None)):
            raise refused
        return value


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
