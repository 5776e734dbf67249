"""Events as they are stored."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from chassis.admission import ANY_GRANT, admits
from chassis.documents import example
from chassis.queries import understood
from readmodel.access import Scope, scope
from readmodel.api import examples
from readmodel.api.answering import answered
from readmodel.api.asking import Asked
from readmodel.views import events

router = APIRouter(prefix="/v1", route_class=admits(*ANY_GRANT), dependencies=[Depends(scope), Depends(understood)], tags=["events"])


class Events(BaseModel):
    """CloudEvents 1.0 in structured JSON, without what is sealed."""

    items: list[dict[str, object]]
    next: str | None
    after: str


@router.get("/events", response_model=Events, openapi_extra=example(answer=examples.events()))
async def read_events(asked: Asked, forces: Scope, filters: Annotated[events.EventFilters, Query()]) -> Response:
    """Read events as the log holds them, in its order: oldest first, each record's in the order of its versions.

    `next` is the `after` of the page behind, or null at the end of the log; `after` is where to go on from once there is more. Older
    versions of a record that is sensitive now show no more than the newest does, and of an erased one nothing but the stub is left.
    """
    known = asked.visit.runtime.registry.partitions
    found = await events.page(asked.store, asked.parts.log, {force: known[force] for force in forces}, filters)
    return answered(found._asdict())
