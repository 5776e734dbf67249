"""Single records: as they are, or as soon as a version has arrived."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from chassis.admission import ANY_GRANT, admits
from chassis.documents import example
from chassis.problems import problems
from chassis.queries import understood
from chassis.routers import Ref
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from readmodel.api import examples
from readmodel.api.answering import recorded
from readmodel.api.asking import Asked, Patience
from readmodel.views import records

router = APIRouter(prefix="/v1", route_class=admits(*ANY_GRANT), dependencies=[Depends(understood)], responses=problems(504))
Patiently = Annotated[Patience, Query()]


@router.get("/meetings/{meeting_id}", tags=["meetings"], response_model=Meeting, openapi_extra=example(answer=examples.one(Meeting)))
async def read_meeting(meeting_id: Ref, asked: Asked, patience: Patiently) -> Response:
    """Read a meeting; with `min_version`, as soon as that version has arrived here."""
    return await _read(asked, Meeting, meeting_id, patience)


@router.get("/concerns/{concern_id}", tags=["concerns"], response_model=Concern, openapi_extra=example(answer=examples.one(Concern)))
async def read_concern(concern_id: Ref, asked: Asked, patience: Patiently) -> Response:
    """Read a concern; with `min_version`, as soon as that version has arrived here."""
    return await _read(asked, Concern, concern_id, patience)


@router.get("/actions/{action_id}", tags=["actions"], response_model=Action, openapi_extra=example(answer=examples.one(Action)))
async def read_action(action_id: Ref, asked: Asked, patience: Patiently) -> Response:
    """Read an action; with `min_version`, as soon as that version has arrived here."""
    return await _read(asked, Action, action_id, patience)


@router.get(
    "/organisations/{organisation_id}",
    tags=["organisations"],
    response_model=Organisation,
    openapi_extra=example(answer=examples.one(Organisation)),
)
async def read_organisation(organisation_id: Ref, asked: Asked, patience: Patiently) -> Response:
    """Read an organisation; with `min_version`, as soon as that version has arrived here."""
    return await _read(asked, Organisation, organisation_id, patience)


@router.get(
    "/neighbourhoods/{neighbourhood_id}",
    tags=["neighbourhoods"],
    response_model=Neighbourhood,
    openapi_extra=example(answer=examples.one(Neighbourhood)),
)
async def read_neighbourhood(neighbourhood_id: Ref, asked: Asked, patience: Patiently) -> Response:
    """Read a neighbourhood; with `min_version`, as soon as that version has arrived here."""
    return await _read(asked, Neighbourhood, neighbourhood_id, patience)


@router.get("/feedback/{feedback_id}", tags=["feedback"], response_model=Feedback, openapi_extra=example(answer=examples.one(Feedback)))
async def read_feedback(feedback_id: Ref, asked: Asked, patience: Patiently) -> Response:
    """Read a feedback; with `min_version`, as soon as that version has arrived here."""
    return await _read(asked, Feedback, feedback_id, patience)


async def _read(asked: Asked, model: type[State], subject: str, patience: Patience) -> Response:
    """What is absent and what is not granted are waited for alike, then 404; 504 only to those who may see an older version."""
    wish = records.Wish(model, subject, patience.min_version, patience.seconds)
    return recorded(await records.arrived(lambda: asked.parts.store, asked.parts.arrivals, asked.reader, wish))
