"""The catalogue for programs: schema and example of every event, and the AsyncAPI document, open to anyone."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse

from chassis.documents import example
from chassis.problems import not_found, problems
from chassis.rates import TOO_OFTEN, by_address
from readmodel.catalogue import documents

_FOREVER: Final = {"Cache-Control": "public, max-age=3600"}
Name = Annotated[str, Path(pattern=r"^[a-z0-9.-]{1,80}\.json$", description="Name of the file", examples=["concern-raised.v1.json"])]
_REFUSALS: Final = problems(404, 422) | TOO_OFTEN
router = APIRouter(prefix="/catalog", tags=["catalogue"], responses=_REFUSALS, dependencies=[Depends(by_address)])


class SchemaAnswer(JSONResponse):
    """A JSON Schema."""

    media_type = "application/schema+json"


class ExampleAnswer(JSONResponse):
    """A CloudEvent in structured JSON."""

    media_type = "application/cloudevents+json"


def _shown(folder: str, name: str, form: type[JSONResponse] = JSONResponse) -> JSONResponse:
    document = documents(folder).get(name)
    if document is None:
        raise not_found(folder)
    return form(document, headers=_FOREVER)


@router.get("/schemas", openapi_extra=example(answer={"items": ["concern-raised.v1.json"], "next": None}))
async def schemas() -> dict[str, Any]:
    """Names of the schemas, one for each event and version."""
    return {"items": sorted(documents("schemas")), "next": None}


@router.get(
    "/schemas/{name}",
    response_class=SchemaAnswer,
    openapi_extra=example(answer={"$id": "urn:roundtable:schema:concern-raised:v1"}, media_type=SchemaAnswer.media_type),
)
async def schema(name: Name) -> JSONResponse:
    """The JSON Schema of an event's data, as `dataschema` names it."""
    return _shown("schemas", name, SchemaAnswer)


@router.get(
    "/examples/{name}",
    response_class=ExampleAnswer,
    openapi_extra=example(answer={"type": "engagement.concern-raised.v1"}, media_type=ExampleAnswer.media_type),
)
async def worked(name: Name) -> JSONResponse:
    """An example of an event, as CloudEvents structured JSON."""
    return _shown("examples", name, ExampleAnswer)


@router.get("/asyncapi.json", openapi_extra=example(answer={"asyncapi": "3.0.0"}))
async def asyncapi() -> JSONResponse:
    """The AsyncAPI document of every channel and message."""
    return _shown(".", "asyncapi.json")
