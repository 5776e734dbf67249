"""The whole chain of a meeting."""

from fastapi import APIRouter, Depends, Response

from chassis.admission import ANY_GRANT, admits
from chassis.documents import example
from chassis.problems import not_found
from chassis.queries import understood
from chassis.routers import Ref
from contracts.meeting import Meeting
from readmodel.api import examples
from readmodel.api.answering import answered
from readmodel.api.asking import Asked
from readmodel.views import chain
from readmodel.views.linking import Chain

router = APIRouter(prefix="/v1", route_class=admits(*ANY_GRANT), dependencies=[Depends(understood)], tags=["meetings"])


@router.get("/meetings/{meeting_id}/chain", response_model=Chain, openapi_extra=example(answer=examples.chain()))
async def read_chain(meeting_id: Ref, asked: Asked) -> Response:
    """Read what a meeting led to: who came, what was raised, what was promised, what came of it, and what those who came thought.

    A concern names under `actions` the actions that answer it; each action stands in full under `actions`, once. A record that may
    not be opened stands there all the same, with its dates and links.
    """
    found = await chain.of_meeting(asked.store, asked.reader(), meeting_id)
    if found is None:
        raise not_found(Meeting.collection)
    return answered(found.model_dump(mode="json"))
