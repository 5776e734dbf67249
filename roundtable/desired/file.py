"""The reviewed file: which forces and consumers there are, whose grants are revoked, and what is to be removed."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from roundtable.desired import lines
from roundtable.errors import OperatorError
from roundtable.provisioning.consumers import check_name, refuse_reserved
from roundtable.provisioning.forces import check_slug

STANDARD_INPUT: Final = Path("-")
_MOST_FAULTS: Final = 10
_ADVICE: Final = {
    "extra_forbidden": "is not known here: correct its name, or take it out",
    "missing": "is missing: add it",
    "tuple_type": "must be a list: a line with `- ` for each",
    "model_type": "must be a mapping of names to values",
    "string_type": "must be a text: quote it",
    "bool_type": "must be true or false",
    "string_too_short": "must not be empty",
}
"""What to do, by pydantic's name of what is wrong."""
Fault = tuple[lines.Path, str]


def _checked(value: str, check: Callable[[str], None]) -> str:
    try:
        check(value)
    except OperatorError as reason:
        raise ValueError(str(reason)) from reason
    return value


# A section whose last line was taken out is an empty one.
_Empty = BeforeValidator(lambda value: () if value is None else value)
Slug = Annotated[str, AfterValidator(lambda value: _checked(value, check_slug))]
NewName = Annotated[str, AfterValidator(lambda value: _checked(value, check_name))]
OldName = Annotated[str, Field(min_length=1), AfterValidator(lambda value: _checked(value, refuse_reserved))]


class Part(BaseModel):
    """A part of the file; a name that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OfAForce(Part):
    """What is of one force, which the file names too."""

    force: Slug


class Consumer(OfAForce):
    """An identity in Kafka that reads the force's topic."""

    name: NewName


class Grant(OfAForce):
    """Whether what a subject may do in the force is revoked; what it may do, its tokens say."""

    subject: Annotated[str, Field(min_length=1)]
    revoked: StrictBool


class Removal(Part):
    """What there may be no more; where it is not there, there is nothing to remove."""

    consumers: Annotated[tuple[OldName, ...], _Empty] = ()


class Desired(Part):
    """All that the file says."""

    forces: tuple[Slug, ...]
    consumers: Annotated[tuple[Consumer, ...], _Empty] = ()
    grants: Annotated[tuple[Grant, ...], _Empty] = ()
    remove: Annotated[Removal, BeforeValidator(lambda value: {} if value is None else value)] = Removal()


def read_desired(file: Path) -> Desired:
    """What a file says, or standard input where it is `-`.

    Raises:
        OperatorError: it cannot be read or contradicts itself; the message says what is wrong, in which line, and what to do.
    """
    name = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        text = sys.stdin.read() if file == STANDARD_INPUT else file.read_text(encoding="utf-8")
        root, content = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except OSError as reason:
        message = f"{name} cannot be read: {reason.strerror}"
        raise OperatorError(message) from reason
    except (UnicodeDecodeError, yaml.YAMLError) as reason:
        message = f"{name} is not YAML in UTF-8{_at(reason)}: copy deploy/provision.example.yml and begin from that"
        raise OperatorError(message) from reason
    return _judged(name, root, content)


def _judged(name: str, root: yaml.Node | None, content: object) -> Desired:
    faults: list[Fault] = [(path, "stands there twice: keep one of the two") for path in lines.doubled(root)]
    try:
        said = Desired.model_validate(content)
        faults += _contradictions(said)
    except ValidationError as wrong:
        faults += [(each["loc"], _ADVICE.get(each["type"], each["msg"].removeprefix("Value error, "))) for each in wrong.errors()]
    if faults:
        told = [f"{name}, line {lines.line_of(root, path)}: {_written(path)} {what}" for path, what in faults]
        raise OperatorError("\n".join(told[:_MOST_FAULTS]))
    return said


def _contradictions(said: Desired) -> Iterator[Fault]:
    """What is right by itself, and not beside the rest."""
    yield from _twice("forces", said.forces)
    yield from _twice("consumers", [each.name for each in said.consumers])
    yield from _twice("grants", [f"{each.subject} in {each.force}" for each in said.grants])
    sections: dict[str, Sequence[OfAForce]] = {"consumers": said.consumers, "grants": said.grants}
    for section, parts in sections.items():
        for number, part in enumerate(parts):
            if part.force not in said.forces:
                yield (section, number, "force"), f"is {part.force}, which is none of this file's forces: add it there, or correct it"
    for number, each in enumerate(said.consumers):
        if each.name in said.remove.consumers:
            yield ("consumers", number, "name"), f"is {each.name}, which is to be removed too: keep one of the two"


def _twice(section: str, names: Sequence[str]) -> Iterator[Fault]:
    counted = Counter(names)
    for number, name in enumerate(names):
        if counted[name] > 1 and name in names[:number]:
            yield (section, number), f"is {name} again: keep one of the two"


def _written(path: lines.Path) -> str:
    return ".".join(map(str, path)) or "the file"


def _at(reason: Exception) -> str:
    mark = getattr(reason, "problem_mark", None)
    return f" in line {mark.line + 1}" if mark else ""
