"""What texts must be on entry: not empty, not endless, without control characters, and screened for what leads to a person."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from pydantic_core import PydanticCustomError

from contracts.demands import Demand
from contracts.entry import problem
from contracts.screening import has_control, personal_data
from contracts.vouching import FOUND, HEADER

SCREENED: Final = "x-screened"
"""Keyword of the texts of a request that are screened: the operation takes the header by which a caller vouches for them."""


def _contact(value: str, *, homes: bool) -> PydanticCustomError | None:
    """What screening finds, and how to go on; never the words themselves."""
    found = personal_data(value, homes=homes)
    if not found:
        return None
    what = " and ".join(kind.words for kind in found)
    message = f"Take out what looks like {what}: write what was raised, not who raised it. If it is not personal data, name it in {HEADER}"
    return problem(FOUND, message, found=[*found])


@dataclass(frozen=True)
class Text(Demand):
    """Text of a length, without control characters or what leads to a person; of a place, a postal address is what is asked for."""

    longest: int
    multiline: bool = False
    of_place: bool = False

    def refusal(self, value: str) -> PydanticCustomError | None:
        """Too long, empty, or with control characters."""
        if not value.strip():
            return problem("empty", "Write something, or leave the field out")
        if len(value) > self.longest:
            return problem("too_long", f"At most {self.longest} characters")
        if has_control(value, multiline=self.multiline):
            return problem("control_characters", "Take out the control characters")
        return None

    def finding(self, value: str) -> PydanticCustomError | None:
        """Something that leads to a person."""
        return _contact(value, homes=not self.of_place)

    def schema(self) -> dict[str, Any]:
        """A bounded string with something to read in it."""
        return {"minLength": 1, "maxLength": self.longest, "pattern": r"\S", SCREENED: True}


@dataclass(frozen=True)
class Screened(Demand):
    """Text of another form, such as an address, that holds no contact details either: written as they are, or escaped."""

    def refusal(self, value: str) -> None:  # noqa: ARG002 - whatever it is
        """Nothing: the form is for others to judge."""
        return

    def finding(self, value: str) -> PydanticCustomError | None:
        """Something that leads to a person."""
        return _contact(value, homes=False) or _contact(unquote(value), homes=False)

    def schema(self) -> dict[str, Any]:
        """That it is screened, which no keyword of JSON Schema says."""
        return {SCREENED: True}
