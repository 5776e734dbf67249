"""Figures of a period, and coverage."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from chassis.admission import ANY_GRANT, admits
from chassis.documents import example
from chassis.queries import understood
from readmodel.access import Scope, scope
from readmodel.api import examples
from readmodel.api.answering import answered
from readmodel.api.asking import Asked
from readmodel.filters import Forces, Period
from readmodel.views import coverage, figures

router = APIRouter(prefix="/v1", route_class=admits(*ANY_GRANT), dependencies=[Depends(scope), Depends(understood)], tags=["figures"])


@router.get("/summary", response_model=figures.Summary, openapi_extra=example(answer=examples.summary()))
async def read_summary(asked: Asked, forces: Scope, period: Annotated[Period, Query()]) -> Response:
    """Read the figures of the days from `from` to `to`, of all the forces together and of each.

    What is known by its month counts in every period that overlaps the month; what has no date counts only where no period is asked
    for. A sensitive record counts under `sensitive` alone. `now` holds what is overdue or unanswered at this moment, whatever the
    period, and how many different organisations were met in it.
    """
    found = await figures.summary(asked.store, forces, period.since, period.until, asked.visit.runtime.now())
    return answered(found.model_dump(mode="json", by_alias=True))


@router.get("/coverage", response_model=coverage.Coverage, openapi_extra=example(answer=examples.coverage()))
async def read_coverage(asked: Asked, forces: Scope, _: Annotated[Forces, Query()]) -> Response:
    """Read which organisations were met and when last: those never met first, then those met longest ago.

    `met_not_named` counts those who came and are not named. An organisation that was merged counts as the one that stays.
    """
    found = await coverage.of(asked.store, forces)
    return answered(found.model_dump(mode="json"))
