"""Query parameters that are understood: a misspelt one would show everything, and of one that stands twice only the last would count."""

from collections.abc import Iterator
from typing import Final, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chassis.problems import FieldError, Refusal

_LONGEST_NAME: Final = 100


async def understood(request: Request) -> None:
    """Let a query pass in which every parameter is known to the operation, and stands once unless it may stand more often.

    Raises:
        Refusal: 422 that names the others.
    """
    known = dict(_parameters(request.scope["route"].dependant))
    names = [name for name, _ in request.query_params.multi_items()]
    wrong = [_wrong(name, known, names.count(name)) for name in dict.fromkeys(names)]
    errors = [each for each in wrong if each is not None]
    if errors:
        raise Refusal(422, "invalid-request", "Something in the request is wrong: see `errors`", errors=errors)


def _wrong(name: str, known: dict[str, bool], times: int) -> FieldError | None:
    if name not in known:
        return FieldError(None, "There is no such parameter here: take it out", "unknown_parameter", name[:_LONGEST_NAME])
    return None if times == 1 or known[name] else FieldError(None, "Give it once", "repeated", name)


def _parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """The query parameters of an operation, and whether each may stand more than once."""
    for field in dependant.query_params:
        yield from _of(field.alias, field.field_info)
    for each in dependant.dependencies:
        yield from _parameters(each)


def _of(name: str, field: FieldInfo) -> Iterator[tuple[str, bool]]:
    """A parameter, or those that stand together in a model."""
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from ((part.alias or own, get_origin(part.annotation) is list) for own, part in kind.model_fields.items())
    else:
        yield name, get_origin(kind) is list
