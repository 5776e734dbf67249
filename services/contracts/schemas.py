"""JSON Schemas of the wire form of every event, as consumers find them under `schemas/` and in the catalogue."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# The registry is filled by the module that defines the events.
from contracts import events as _events  # noqa: F401 - importing it fills the registry
from contracts.event import EVENTS, Event, dataschema, name_of
from contracts.fields import Confidentiality
from contracts.generated import HERE, run
from contracts.operations import ERASED, RECORDED, row_of
from contracts.releases import RELEASED, first_released
from contracts.requests import given
from contracts.state import ERASED_FIELDS, State, fields_of

Schema = dict[str, Any]
FOLDER: Final = HERE / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ENTRY_ALONE: Final = frozenset({"default", "x-always", "x-entry", "x-kept", "x-needed"})

SEALED: Final[Schema] = {
    "title": "Sealed",
    "description": (
        "The rest of the record: a UTF-8 JSON object of its fields, encrypted with AES-256-GCM; the associated data is "
        "`rt1|{force}|{id}|{version}`, bytes are unpadded base64url. Whoever may read it asks the API."
    ),
    "type": "object",
    "properties": {
        "kid": {"type": "string", "description": "Name of the record's key in the key store"},
        "nonce": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16}$", "description": "12 bytes"},
        "ct": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22,}$", "description": "Ciphertext; the tag of 16 bytes ends it"},
    },
    "required": ["kid", "nonce", "ct"],
}
_BLOCK: Final = {
    "$ref": "#/$defs/Sealed",
    "description": "In every record that is stored or on Kafka, even when it holds nothing. What webhooks and streams carry lacks it.",
}


@dataclass(frozen=True)
class Form:
    """One of the forms that an event's data can have, with the fields that it shows and those that it seals."""

    title: str
    says: str
    clear: frozenset[str]
    sealed: frozenset[str]


def file_of(event_type: str) -> str:
    """Name of an event's schema file: `concern-raised.v1.json`."""
    return f"{name_of(event_type)}.{event_type.rsplit('.', 1)[1]}.json"


def schemas(released: Path = RELEASED) -> dict[str, Schema]:
    """Every schema, by its file name."""
    return {file_of(event.type): schema_of(event, released) for event in EVENTS.values()}


def schema_of(event: type[Event[Any]], released: Path = RELEASED) -> Schema:
    """The schema of an event's data: the whole state of its aggregate, in each form that it can have on the wire."""
    made = wire_schema(event.model.model_json_schema(mode="serialization"))
    return {
        "$schema": DIALECT,
        "$id": dataschema(event.type),
        "title": event.__name__,
        "description": event.__doc__,
        "anyOf": [_branch(event, form, made["properties"], released) for form in forms_of(event)],
        "$defs": made.get("$defs", {}) | {"Sealed": SEALED},
    }


def forms_of(event: type[Event[Any]]) -> list[Form]:
    """The forms that an event's data can have. An erasure leaves one."""
    frame, clear, sealed = (fields_of(event.model, kind) for kind in Confidentiality)
    erased = Form("Erased", "All that is left once the record's key is destroyed.", ERASED_FIELDS, frozenset())
    if row_of(event.type).after == (ERASED,):
        return [erased]
    known = {"erased_at"}
    return [
        Form("Ordinary", "What is not sealed can be read by every consumer.", (frame | clear) - known, sealed),
        Form("Sensitive", "Only the frame is clear: ids, status, dates and links.", frame - known, clear | sealed),
        erased,
    ]


def wire_schema(schema: Schema) -> Schema:
    """A schema as it holds on the wire: what only entry demands is gone, and a code is an open string with known values."""
    # A title that pydantic made of a field's name says nothing; that of a model does.
    dropped = ENTRY_ALONE if "properties" in schema else ENTRY_ALONE | {"title"}
    walked = {key: _walked(key, value) for key, value in _filled(schema).items() if key not in dropped}
    known = schema.get("x-entry", {}).get("enum")
    return _nullable(walked | ({"x-known-values": known} if known else {}))


def _filled(schema: Schema) -> Schema:
    """A model's schema in which what is always there is required, and never null."""
    always = schema.get("x-always")
    if not always:
        return schema
    properties = {name: given(shown) if name in always else shown for name, shown in schema["properties"].items()}
    return schema | {"properties": properties, "required": sorted({*schema.get("required", ()), *always})}


def _nullable(schema: Schema) -> Schema:
    """Say "or null" in the type where that is possible, which reads better than two branches."""
    branches: list[Schema] = schema.get("anyOf", [])
    others = [branch for branch in branches if branch != {"type": "null"}]
    if len(others) != 1 or len(branches) == 1 or "type" not in others[0]:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return others[0] | {"type": [others[0]["type"], "null"]} | rest


def _walked(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever stands under a keyword
    if key in {"properties", "$defs"}:
        return {name: wire_schema(schema) for name, schema in value.items()}
    if isinstance(value, dict):
        return wire_schema(value)
    if isinstance(value, list):
        return [wire_schema(item) if isinstance(item, dict) else item for item in value]
    return value


def _branch(event: type[Event[Any]], form: Form, properties: Schema, released: Path) -> Schema:
    names = [name for name in _ordered(event.model) if name in form.clear]
    shown = {name: properties[name] | _narrowed(event, form, name) for name in names}
    block = {"sealed": _BLOCK | {"x-holds": sorted(form.sealed)}} if form.sealed else {}
    # What a release has added since the first one is absent from older events, so nothing may require it.
    first = first_released(file_of(event.type), form.title, released)
    return {
        "title": form.title,
        "description": form.says,
        "type": "object",
        "properties": shown | block,
        "required": [name for name in names if first is None or name in first],
    }


def _narrowed(event: type[Event[Any]], form: Form, name: str) -> Schema:
    """What holds of a field in this form, beyond what its model says."""
    codes = [code for code in row_of(event.type).after if code != RECORDED]
    narrowed: dict[str, Schema] = {
        "sensitive": {"const": form.title == "Sensitive"},
        "status": {"x-known-values": codes},
        "erased_at": {"type": "string"},
    }
    return narrowed.get(name, {})


def _ordered(model: type[State]) -> list[str]:
    """Names of the fields: what every state has, then the rest."""
    return [*State.model_fields, *(name for name in model.model_fields if name not in State.model_fields)]


if __name__ == "__main__":
    sys.exit(run(FOLDER, schemas()))
