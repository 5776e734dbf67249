"""What can be subscribed to: every event with what it means, and its schema and example as the contracts ship them."""

import inspect
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from contracts.event import dataschema, name_of
from contracts.operations import OPERATIONS, Operation
from contracts.schemas import file_of

_CONTRACTS: Final = files("contracts")
ASYNCAPI: Final = "/catalog/asyncapi.json"


class Entry(BaseModel):
    """One event: where its schema and its example are, which service tells of it, and what brings it about."""

    model_config = ConfigDict(frozen=True)

    type: str
    name: str
    meaning: str
    about: str
    service: str
    by: str
    dataschema: str
    schema_address: str
    example_address: str


@cache
def documents(folder: str) -> dict[str, dict[str, Any]]:
    """Every document of a folder of the contracts, by its name; what is asked for is never a path."""
    found = (file for file in _CONTRACTS.joinpath(folder).iterdir() if file.name.endswith(".json"))
    return {file.name: json.loads(file.read_text()) for file in found}


@cache
def entries() -> tuple[Entry, ...]:
    """Every event, aggregate by aggregate."""
    return tuple(map(_entry, OPERATIONS))


def example_of(entry: Entry) -> dict[str, Any]:
    """The example of an event."""
    return documents("examples")[file_of(entry.type)]


def _entry(row: Operation) -> Entry:
    file = file_of(row.type)
    return Entry(
        type=row.type,
        name=name_of(row.type),
        meaning=inspect.getdoc(row.event) or "",
        about=row.event.model.collection,
        service=row.service,
        by=str(row.by),
        dataschema=dataschema(row.type),
        schema_address=f"/catalog/schemas/{file}",
        example_address=f"/catalog/examples/{file}",
    )
