"""References between records of a force. They are not checked when a record is made, and may lead nowhere."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Organisation
from contracts.state import State
from readmodel.projections import Stored

Path = tuple[str, ...]
_AT: Final[Mapping[str, str]] = {
    "meeting_id": "meetings",
    "organisation_id": "organisations",
    "neighbourhood_id": "neighbourhoods",
    "answers": "concerns",
    "duplicate_of": "concerns",
    "merged_into": "organisations",
}
"""The collection that a field of this name leads to."""
PATHS: Final[Mapping[type[State], tuple[Path, ...]]] = {
    Meeting: (("neighbourhood_id",), ("venue", "organisation_id"), ("attendance", "named", "organisation_id")),
    Concern: (("meeting_id",), ("organisation_id",), ("neighbourhood_id",), ("duplicate_of",)),
    Action: (("meeting_id",), ("organisation_id",), ("neighbourhood_id",), ("answers",)),
    Feedback: (("meeting_id",), ("organisation_id",)),
    Organisation: (("neighbourhood_id",), ("merged_into",)),
}
"""Where records refer to others of their force. `related` leads to another force, whose log is none of its business."""


def references(model: type[State], document: Stored) -> Iterator[tuple[str, str, str]]:
    """Field, collection and id of everything that a record refers to."""
    for path in PATHS.get(model, ()):
        for target in _values(document, path):
            yield ".".join(path), _AT[path[-1]], target


def _values(value: Any, path: Path) -> Iterator[str]:  # noqa: ANN401 - any part of a document
    if isinstance(value, list | tuple):
        for each in value:
            yield from _values(each, path)
    elif path and isinstance(value, Mapping):
        yield from _values(value.get(path[0]), path[1:])
    elif isinstance(value, str) and not path:
        yield value
