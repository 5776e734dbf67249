"""Parameters that are given once: the framework would take the last of several, and answer another question than was asked."""

from typing import Final, get_origin

from fastapi import Request

from chassis.problems import FieldError, Refusal
from readmodel.filters import ActionFilters, ConcernFilters, MeetingFilters
from readmodel.views.events import EventFilters

REPEATABLE: Final = frozenset(
    name
    for filters in (MeetingFilters, ConcernFilters, ActionFilters, EventFilters)
    for name, field in filters.model_fields.items()
    if get_origin(field.annotation) is list
)
"""The parameters of which several may be given: any of their values matches."""


async def single(request: Request) -> None:
    """Let a query pass in which no other parameter stands twice.

    Raises:
        Refusal: 422 that names those that do.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    repeated = sorted({name for name in names if names.count(name) > 1} - REPEATABLE)
    if repeated:
        errors = [FieldError(None, "Give it once", "repeated", name[:100]) for name in repeated]
        raise Refusal(422, "invalid-request", "Something in the request is wrong: see `errors`", errors=errors)
