"""The OpenAPI document of a service: what FastAPI finds, and what every operation shares."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from pydantic import TypeAdapter

from chassis.problems import Problem
from chassis.screening import PARAMETER
from contracts.requests import close, says
from contracts.texts import SCREENED

Document = dict[str, Any]
METHODS: Final = ("get", "post", "put", "patch", "delete")
_FORCE: Final = {
    "name": "force",
    "in": "path",
    "required": True,
    "description": "Slug of a police force.",
    "schema": {"type": "string", "pattern": "^[a-z0-9]+(?:-[a-z0-9]+){0,7}$"},
    "example": "northamptonshire",
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "ETag of the version that the change is based on; several, of which one must be that of the record; or `*` for any.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*)$'},
    "example": '"3"',
}
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, the request is answered as before and does nothing. Kept for 7 days.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "example": "3f0c1c1e-6d0e-4f6f-9a3e-2f6f7f1f0b7a",
}
_KEPT: Final = "as JSON: "
_ANSWERED: Final = {
    "ETag": "The version of the record, for `If-Match`.",
    "X-Roundtable-Version": "`{id}@{version}`: what the read model can be asked to wait for.",
}


class DocumentedApp(FastAPI):
    """An application whose document says what every operation of Roundtable shares."""

    _written: bytes | None = None

    def openapi(self) -> Document:
        """The document; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = finished(super().openapi())
        return self.openapi_schema

    def written(self) -> bytes:
        """The document as JSON; written once."""
        if self._written is None:
            self._written = json.dumps(self.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
        return self._written


def example(*, request: Any = None, answer: Any = None, status: int = 200, media_type: str = "application/json") -> Document:  # noqa: ANN401 - a value of any type
    """A worked example of an operation, for `openapi_extra=`: the body that is sent, or else the one that is answered."""
    if request is not None:
        return {"requestBody": {"content": {media_type: {"example": _kept(request)}}}}
    return {"responses": {str(status): {"content": {media_type: {"example": _kept(answer)}}}}}


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Document]]:
    """Every operation of a document, by method and path."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def without_example(document: Mapping[str, Any]) -> list[str]:
    """The operations that nobody could try from the document alone."""
    return [name for name, operation in operations(document) if worked_example(operation) is None]


def worked_example(operation: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """The example of an operation's body, or of its answer when it takes none; None when there is none to show."""
    if "requestBody" in operation:
        return _shown(operation["requestBody"])
    succeeding = [answer for status, answer in operation["responses"].items() if status.startswith(("2", "3"))]
    if succeeding and not any("content" in answer for answer in succeeding):
        return ""
    return next((found for answer in succeeding if (found := _shown(answer)) is not None), None)


def _kept(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """An example as text: FastAPI leaves out of a document whatever is null, in examples too."""
    return _KEPT + json.dumps(value)


def _restore(operation: Document) -> None:
    """Put the examples of an operation back as they were written."""
    for holder in (operation.get("requestBody", {}), *operation["responses"].values()):
        for media in holder.get("content", {}).values():
            if str(media.get("example", "")).startswith(_KEPT):
                media["example"] = json.loads(media["example"].removeprefix(_KEPT))


def finished(document: Document) -> Document:
    """The document with bearer tokens, problems, and headers that every operation shares, its requests closed."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for name, operation in operations(document):
        _finish(name, operation)
    closed = close(document)
    for _, operation in operations(closed):
        if says(operation.get("requestBody"), closed, SCREENED):
            operation["parameters"].append(dict(PARAMETER))
    return closed


def _finish(name: str, operation: Document) -> None:
    _restore(operation)
    if "bearer" not in {scheme for each in operation.get("security", ()) for scheme in each}:
        return
    parameters = operation.setdefault("parameters", [])
    # The route class judges the force, so that few endpoints name it.
    if "{force}" in name and not any(each["name"] == "force" for each in parameters):
        parameters.insert(0, dict(_FORCE))
    if "428" in operation["responses"]:
        parameters.append(dict(_IF_MATCH))
    if name.startswith("POST "):
        parameters.append(dict(_IDEMPOTENCY_KEY))
    if name.startswith("PATCH ") and (content := operation.get("requestBody", {}).get("content")):
        content.setdefault("application/merge-patch+json", copy.deepcopy(content["application/json"]))
    if "201" in operation["responses"]:
        said = _ANSWERED | {"Location": "Where the record can be read."}
        created = operation["responses"]["201"]
        created["headers"] = {header: {"description": what, "schema": {"type": "string"}} for header, what in said.items()}


def _shown(holder: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a value of any type
    for media in holder.get("content", {}).values():
        if "example" in media:
            return media["example"]
        if media.get("examples"):
            return next(iter(media["examples"].values())).get("value")
    return None
