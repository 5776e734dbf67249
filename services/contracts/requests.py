"""What a request may hold, said in OpenAPI: bodies are closed, with what entry demands; answers stay open."""

from typing import Any, Final

Schema = dict[str, Any]
Document = dict[str, Any]
REF: Final = "#/components/schemas/"
NULL: Final[Schema] = {"type": "null"}
_OURS: Final = frozenset({"x-always", "x-entry", "x-kept", "x-needed", "x-patch"})
_NAMED: Final = frozenset({"properties", "$defs", "schemas"})


def close(document: Document) -> Document:
    """Rewrite FastAPI's OpenAPI document so that a request's schema says exactly what entry accepts.

    The keywords `x-entry` and `x-needed`, which the models put beside a field, count in request bodies and vanish
    elsewhere; a code's list stays as `x-known-values`. A body marked `x-patch` becomes the schema of a JSON merge patch.
    What lies outside `requestBody` is opened. The document that is given is left as it was.
    """
    components = document.get("components", {}).get("schemas", {})
    bodies = _Bodies(components)
    rewritten = {key: _outside(value, bodies) for key, value in document.items() if key != "components"}
    opened = {name: opened_schema(schema) for name, schema in components.items()}
    kept = _reachable(rewritten, opened | bodies.made)
    others = {key: value for key, value in document.get("components", {}).items() if key != "schemas"}
    return rewritten | {"components": others | {"schemas": kept}}


def opened_schema(node: Any, *, named: bool = False) -> Any:  # noqa: ANN401 - any part of a schema
    """A schema as it holds for an answer: nothing that only entry demands, codes open with their known values."""
    if isinstance(node, list):
        return [opened_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: opened_schema(value, named=key in _NAMED and not named) for key, value in node.items() if named or key not in _OURS}
    codes = None if named else node.get("x-entry", {}).get("enum")
    return kept | ({"x-known-values": codes} if codes else {})


def _outside(node: Any, bodies: "_Bodies") -> Any:  # noqa: ANN401 - a value of any type
    """A part of the document in which request bodies may stand."""
    if isinstance(node, list):
        return [_outside(item, bodies) for item in node]
    if not isinstance(node, dict) or "$ref" in node:
        return node
    if "schema" in node or "type" in node or "anyOf" in node:
        return opened_schema(node)
    return {key: bodies.body(value) if key == "requestBody" else _outside(value, bodies) for key, value in node.items()}


def _reachable(document: Document, components: dict[str, Schema]) -> dict[str, Schema]:
    """The components that the document refers to, directly or through others."""
    found: set[str] = set()
    waiting = _references(document)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _references(components[name])
    return {name: components[name] for name in sorted(found)}


def says(node: Any, document: Document, keyword: str) -> bool:  # noqa: ANN401 - any part of a document
    """Whether a part of the document, or a component that it refers to, has a keyword."""
    components = document["components"]["schemas"]
    return any(_has(part, keyword) for part in (node, *_reachable(node, components).values()))


def _has(node: Any, keyword: str) -> bool:  # noqa: ANN401 - any part of a schema
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return (isinstance(node, dict) and keyword in node) or any(_has(each, keyword) for each in inner)


def _references(node: Any) -> set[str]:  # noqa: ANN401 - a value of any type
    if isinstance(node, list):
        return set().union(*(_references(item) for item in node))
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].removeprefix(REF)} if isinstance(node.get("$ref"), str) else set()
    return own.union(*(_references(value) for value in node.values()))


class _Bodies:
    """Closes the schemas that request bodies reach, each once, under names of their own."""

    def __init__(self, components: dict[str, Schema]) -> None:
        self._components = components
        self.made: dict[str, Schema] = {}

    def body(self, node: Schema) -> Schema:
        """A `requestBody`, its schemas closed."""
        content = {media: offer | {"schema": self._closed(offer["schema"])} for media, offer in node["content"].items()}
        return node | {"content": content}

    def _closed(self, node: Schema, *, patch: bool = False) -> Schema:
        """One schema of a body. Within a merge patch only objects that are merged are patches too, not items of lists."""
        if node.get("x-patch"):
            return self._patch(node["allOf"][0])
        if "$ref" in node:
            return node | {"$ref": REF + self._named(node["$ref"].removeprefix(REF), patch=patch)}
        closed = {key: value for key, value in node.items() if key not in _OURS} | node.get("x-entry", {})
        if "items" in closed:
            closed["items"] = self._closed(closed["items"])
        for key in {"anyOf", "allOf", "oneOf"} & closed.keys():
            closed[key] = [self._closed(branch, patch=patch) for branch in closed[key]]
        return self._object(node, closed, patch=patch) if "properties" in node else closed

    def _named(self, name: str, *, patch: bool) -> str:
        """Name of the closed copy of a component, made at the first use."""
        closed = name.removesuffix("-Input") + ("Patch" if patch else "Request")
        if closed not in self.made:
            self.made[closed] = {}
            self.made[closed] = self._closed(self._components[name], patch=patch) | {"title": closed}
        return closed

    def _patch(self, facts: Schema) -> Schema:
        """A merge patch that changes at least one field."""
        named = facts["$ref"].removeprefix(REF) if "$ref" in facts else facts["title"]
        self._components = {named: facts} | self._components
        name = self._named(named, patch=True)
        self.made[name] = self.made[name] | {"minProperties": 1}
        return {"$ref": REF + name}

    def _object(self, node: Schema, closed: Schema, *, patch: bool) -> Schema:
        needed = {*node.get("x-needed", []), *node.get("required", [])}
        properties = {name: self._closed(schema, patch=patch) for name, schema in node["properties"].items()}
        shown = {name: given(schema) if name in needed else schema for name, schema in properties.items()}
        rest = {key: value for key, value in closed.items() if key != "required"} | {"additionalProperties": False}
        if patch:
            stays = needed | {name for name, schema in node["properties"].items() if schema.get("x-kept")}
            return rest | {"properties": {name: given(schema) if name in stays else _or_null(schema) for name, schema in shown.items()}}
        return rest | {"properties": shown} | ({"required": [name for name in shown if name in needed]} if needed else {})


def given(schema: Schema) -> Schema:
    """A schema without null, of a field that must be given or is always there."""
    branches = [branch for branch in schema.get("anyOf", []) if branch != NULL]
    rest = {key: value for key, value in _without_default(schema).items() if key != "anyOf"}
    return rest | (branches[0] if len(branches) == 1 else {"anyOf": branches} if branches else {})


def _or_null(schema: Schema) -> Schema:
    """A schema with null, which in a merge patch takes the field out."""
    plain = _without_default(schema)
    if NULL in plain.get("anyOf", []):
        return plain
    said = {key: plain[key] for key in ("title", "description") if key in plain}
    return said | {"anyOf": [{key: value for key, value in plain.items() if key not in said}, NULL]}


def _without_default(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "default"}
