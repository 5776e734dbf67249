"""Which problem each error becomes. Whatever is not named here is a 500 that says nothing, and a line in the log."""

from collections.abc import Awaitable, Callable

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.logs import told
from chassis.mongo import Unavailable
from chassis.problems import FieldError, Refusal, Refusals, away, field_errors, respond

log = structlog.get_logger()
Handler = Callable[[Request, Exception], Awaitable[Response]]

_AT_THE_DOOR = {
    404: ("not-found", "There is nothing at this address"),
    405: ("method-not-allowed", "This address does not know that method: see `Allow`"),
    413: ("body-too-large", "The body is too large"),
}


def install(app: FastAPI, refusals: Refusals) -> None:
    """Give an application its table of errors: what the framework and the chassis raise, and the service's own."""
    for error, become in {
        Refusal: _refused,
        HTTPException: _turned_away,
        RequestValidationError: _invalid,
        ValidationError: _cannot_be_entered,
        Unavailable: _unavailable,
        ClientDisconnect: _gone,
    }.items():
        app.add_exception_handler(error, become)  # type: ignore[arg-type]  # each takes the error that it is entered for
    for error, (status, slug) in refusals.items():
        app.add_exception_handler(error, _told_by_service(status, slug))


def unexpected(error: Exception) -> Response:
    """The answer to a request that failed for a reason of ours."""
    log.error("request_failed", exc_info=error)
    return respond(Refusal(500, "internal-error", ""))


async def _refused(_: Request, error: Refusal) -> Response:
    return respond(error)


async def _turned_away(_: Request, error: HTTPException) -> Response:
    slug, detail = _AT_THE_DOOR.get(error.status_code, ("refused", "The request was refused"))
    return respond(Refusal(error.status_code, slug, detail, headers=error.headers))


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    # An id of the wrong form names nothing: it is answered like any other that is absent.
    if any(each["loc"][:1] == ("path",) for each in found):
        return respond(Refusal(404, *_AT_THE_DOOR[404]))
    return respond(_wrong(field_errors(found)))


async def _cannot_be_entered(request: Request, error: ValidationError) -> Response:
    """A merge patch is validated in the use case; a GET validates only what is stored, and that is our own failure."""
    if request.method == "GET":
        return unexpected(error)
    found = field_errors([{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False, include_input=False)])
    return respond(_wrong(found))


async def _unavailable(_: Request, error: Unavailable) -> Response:
    log.warning("unavailable", error=told(error))
    return respond(away("The database does not answer"))


async def _gone(_: Request, __: ClientDisconnect) -> Response:
    return respond(Refusal(400, "disconnected", "The body did not arrive"))


def _wrong(errors: list[FieldError]) -> Refusal:
    return Refusal(422, "invalid-request", "Something in the request is wrong: see `errors`", errors=errors)


def _told_by_service(status: int, slug: str) -> Handler:
    async def become(_: Request, error: Exception) -> Response:
        where = getattr(error, "pointer", None)
        errors = () if where is None else (FieldError(where, str(error), slug.replace("-", "_")),)
        return respond(Refusal(status, slug, str(error), errors=errors))

    return become
