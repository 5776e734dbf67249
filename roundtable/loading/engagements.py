"""The file of engagements: what it may hold. Codes, lengths and dates are the API's to judge."""

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from roundtable.errors import OperatorError


class Part(BaseModel):
    """A part of the file; a field that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Venue(Part):
    """Where it was."""

    name: str | None = None
    address: str | None = None
    locality: str | None = None


class Vouched(Part):
    """What becomes a record of its own."""

    not_personal_data: tuple[str, ...] = ()
    """Texts of the record, as pointers (`/said`), that look like personal data and hold none; whoever loads the file says so."""


class Organisation(Vouched):
    """An organisation that came, with what is known of it."""

    name: str
    kind: str | None = None
    strand: str | None = None
    address: str | None = None
    locality: str | None = None


class Attendance(Part):
    """Who came: those who are named, and how many there were in all."""

    note: str | None = None
    organisations_total: int | None = None
    heads_total: int | None = None
    organisations: tuple[Organisation, ...] = ()


class Concern(Vouched):
    """What was raised, and the words in which it may be published."""

    category: str
    you_said: str | None = None
    hate_strand: str | None = None
    locality: str | None = None
    sensitive: bool = False
    published: dict[str, str] | None = None


class Owed(Vouched):
    """What an office owes, in answer to the concerns of these categories."""

    owner_role: str
    answers: tuple[str, ...] = ()


class Commitment(Owed):
    """What it promised."""

    commitment: str


class Outcome(Owed):
    """What it did."""

    outcome: str
    we_did: str
    published: dict[str, str] | None = None


class Feedback(Vouched):
    """What an organisation thought of it."""

    organisation: str
    gist: str


class Engagement(Vouched):
    """A meeting that was held, with all that came of it."""

    force: str
    kind: str
    title: str
    held_on: str | None = None
    neighbourhood: str | None = None
    venue: Venue | None = None
    hosts: tuple[str, ...] = ()
    attendance: Attendance = Attendance()
    series: str | None = None
    purpose: str | None = None
    briefings: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    visiting_guidance: tuple[str, ...] = ()
    concerns: tuple[Concern, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    feedback: tuple[Feedback, ...] = ()

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        known = {concern.category for concern in self.concerns} | {each.name for each in self.attendance.organisations}
        owed: tuple[Owed, ...] = (*self.commitments, *self.outcomes)
        answered = {category for each in owed for category in each.answers}
        unknown = (answered | {each.organisation for each in self.feedback}) - known
        if unknown:
            message = f"{self.title} refers to what it does not name: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        if self.visiting_guidance and len(self.attendance.organisations) != 1:
            message = f"{self.title}: visiting_guidance is of one organisation, and so exactly one must be named"
            raise ValueError(message)
        return self


class _File(Part):
    engagements: tuple[Engagement, ...]


def read_engagements(file: Path) -> tuple[Engagement, ...]:
    """The engagements of a YAML file; raises OperatorError that says what is wrong with it, and where."""
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return _File.model_validate(content).engagements
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as failure:
        message = f"{file} cannot be read: {failure}"
        raise OperatorError(message) from failure
    except ValidationError as failure:
        wrong = "\n".join(f"  {_place(error['loc'])}: {error['msg']}" for error in failure.errors())
        message = f"{file} does not hold engagements:\n{wrong}"
        raise OperatorError(message) from failure


def _place(location: tuple[int | str, ...]) -> str:
    return "/".join(str(part) for part in location) or "the whole file"
