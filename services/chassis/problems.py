"""Refusals, and the one form in which every error leaves the HTTP side: RFC 9457 problem details.

A problem says what was wrong, where, and what to do. It never repeats what was sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from itertools import takewhile
from typing import Any, Final
from urllib.parse import quote

from fastapi import Response
from pydantic_core import ErrorDetails

from contracts.screening import personal_data
from contracts.vouching import kinds

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:roundtable:problem:"
RETRY_SECONDS: Final = 2
MOST_ERRORS: Final = 100
_LONGEST_NAME: Final = 100
Refusals = Mapping[type[Exception], tuple[int, str]]
"""A service's errors and the status and problem type that each becomes."""

_WORDS: Final[Mapping[int, str]] = {
    400: "The request cannot be read",
    401: "No valid bearer token",
    403: "Not granted",
    404: "Absent, or not granted",
    408: "The body did not arrive in time",
    409: "The record is in a state that does not allow this",
    412: "The record has changed since it was read: its ETag is another one",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request can be read, but something in it is wrong",
    428: "`If-Match` is missing",
    429: "So much was asked in so short a time that nothing more is done until the time in `Retry-After` is over",
    503: "Something that the service needs is away for now",
    504: "What was waited for did not come in time",
}


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with a request.

    Attributes:
        pointer: where in the body, as a JSON Pointer in URI fragment form (RFC 6901, section 6): `#/attendance/named/0/heads`.
        detail: what is wrong with it.
        code: the same for machines.
        parameter: name of the query parameter or header, when it is not in the body.
        found: what screening found there: `email`, `phone`, `ni_number`, `home_address`.
    """

    pointer: str | None = None
    detail: str = ""
    code: str = "invalid"
    parameter: str | None = None
    found: Sequence[str] | None = None


@dataclass(frozen=True)
class Problem:
    """An RFC 9457 problem."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: Sequence[FieldError] = ()


class Refusal(Exception):  # noqa: N818 - what a caller is told, not a failure of ours
    """The request is refused, with a status, a problem type, and words."""

    def __init__(
        self, status: int, slug: str, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def pointer(*path: str | int) -> str:
    """A JSON Pointer in URI fragment form: ASCII whatever the names of the fields are.

    Names are the caller's own; one that looks like someone's contact details is not repeated, and its parent is pointed at.
    """
    shown = takewhile(lambda step: not personal_data(str(step)), path)
    return "#" + "".join(f"/{_escaped(str(step))}" for step in shown)


def not_found(collection: str) -> Refusal:
    """The one answer for a thing that is absent, and for one that is not granted."""
    return Refusal(404, "not-found", f"There is no such record among the {collection}, or you have no access to it")


def away(what: str) -> Refusal:
    """Something that the service stands on does not answer."""
    detail = f"{what}: nothing is known to have been stored; send the same request again"
    return Refusal(503, "unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})


def respond(refusal: Refusal) -> Response:
    """The problem that tells of a refusal."""
    title = refusal.slug.replace("-", " ").capitalize()
    problem = asdict(Problem(TYPE_PREFIX + refusal.slug, title, refusal.status, refusal.detail or None, refusal.errors[:MOST_ERRORS]))
    problem["errors"] = [_present(error) for error in problem["errors"]]
    body = json.dumps({name: value for name, value in problem.items() if value})
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == HTTPStatus.UNAUTHORIZED else {}
    return Response(body, refusal.status, {"Cache-Control": "no-store", **headers, **refusal.headers}, MEDIA_TYPE)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of an operation, for `responses=`."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _WORDS.get(status) or HTTPStatus(status).phrase, "content": content} for status in statuses}


WRITE_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    503: {
        "description": (
            "Nothing is known to have been stored: something that the service needs is away (`unavailable`), others keep changing the "
            "record (`busy`), or so many recorded events wait for Kafka that no more are taken (`outbox-full`). Send the same request "
            "again, with the same `Idempotency-Key`, after `Retry-After`"
        ),
        "headers": {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}},
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                    "type": f"{TYPE_PREFIX}outbox-full",
                    "title": "Outbox full",
                    "status": 503,
                    "detail": "100000 recorded events or more wait for Kafka: nothing is recorded until they are fewer; "
                    "send the same request again later",
                },
            }
        },
    }
}
"""The refusal of a write that may be sent again as it is, for `responses=`."""


def field_errors(errors: Sequence[ErrorDetails]) -> list[FieldError]:
    """What validation found, each with a pointer into the body or the name of a parameter."""
    return [_field_error(error) for error in errors[:MOST_ERRORS]]


def _field_error(error: ErrorDetails) -> FieldError:
    where, *path = error["loc"] or ("body",)
    # Messages of these kinds quote the input.
    quoting = error["type"] in {"union_tag_invalid", "value_error", "assertion_error"}
    detail = "Is not valid" if quoting else error["msg"]
    if where in {"query", "header", "cookie", "path"}:
        return FieldError(None, detail, error["type"], ".".join(map(str, path)))
    return FieldError(pointer(*(path if where == "body" else (where, *path))), detail, error["type"], found=kinds(error) or None)


def _present(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in error.items() if value is not None}


def _escaped(name: str) -> str:
    kept = name[:_LONGEST_NAME].replace("~", "~0").replace("/", "~1")
    return quote(kept, safe="~!$&'()*+,;=:@?", errors="replace")
