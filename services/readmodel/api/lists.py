"""The lists: newest first, undated records last, as JSON or as text/csv."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from chassis.admission import ANY_GRANT, admits
from chassis.answers import Page
from chassis.documents import example
from chassis.queries import understood
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from readmodel import filters as by
from readmodel.access import scope
from readmodel.api import examples, sheets
from readmodel.api.answering import answered
from readmodel.api.asking import Asked
from readmodel.views import records

# The forces that are asked for are judged before anything else in the query is.
router = APIRouter(
    prefix="/v1", route_class=admits(*ANY_GRANT), dependencies=[Depends(scope), Depends(understood)], responses=sheets.DOCUMENTED
)


@router.get("/meetings", tags=["meetings"], response_model=Page[Meeting], openapi_extra=example(answer=examples.page(Meeting)))
async def list_meetings(asked: Asked, filters: Annotated[by.MeetingFilters, Query()]) -> Response:
    """List meetings, newest first: by the day held, or by the day planned. Those whose date is not known come last.

    `from` and `to` match every meeting that may have been on one of the days: one of "March 2025" matches any day of that month.
    """
    return await _listed(asked, filters)


@router.get("/concerns", tags=["concerns"], response_model=Page[Concern], openapi_extra=example(answer=examples.page(Concern)))
async def list_concerns(asked: Asked, filters: Annotated[by.ConcernFilters, Query()]) -> Response:
    """List concerns, newest first. A sensitive one is found by its status, dates and meeting, and by nothing that is sealed."""
    return await _listed(asked, filters)


@router.get("/actions", tags=["actions"], response_model=Page[Action], openapi_extra=example(answer=examples.page(Action)))
async def list_actions(asked: Asked, filters: Annotated[by.ActionFilters, Query()]) -> Response:
    """List actions, newest first: what was promised, by whom, and what came of it."""
    return await _listed(asked, filters)


@router.get(
    "/organisations", tags=["organisations"], response_model=Page[Organisation], openapi_extra=example(answer=examples.page(Organisation))
)
async def list_organisations(asked: Asked, filters: Annotated[by.OrganisationFilters, Query()]) -> Response:
    """List organisations that forces know, the newest first, with how to visit them."""
    return await _listed(asked, filters)


@router.get(
    "/neighbourhoods",
    tags=["neighbourhoods"],
    response_model=Page[Neighbourhood],
    openapi_extra=example(answer=examples.page(Neighbourhood)),
)
async def list_neighbourhoods(asked: Asked, filters: Annotated[by.NeighbourhoodFilters, Query()]) -> Response:
    """List neighbourhoods, the newest first."""
    return await _listed(asked, filters)


@router.get("/feedback", tags=["feedback"], response_model=Page[Feedback], openapi_extra=example(answer=examples.page(Feedback)))
async def list_feedback(asked: Asked, filters: Annotated[by.FeedbackFilters, Query()]) -> Response:
    """List what organisations thought of meetings, newest first. Its words are sealed, and cannot be searched."""
    return await _listed(asked, filters)


async def _listed(asked: Asked, filters: by.Filters) -> Response:
    page = await records.page(asked.store, asked.reader(), filters, asked.visit.runtime.now())
    if sheets.wanted(asked.visit.headers.get("accept", "")):
        return sheets.answer(asked, filters, page)
    return answered({"items": page.items, "next": page.next})
