"""One force: its meetings and concerns, newest first, as a way in to the chains."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.problems import Refusal
from contracts.concern import Concern
from contracts.meeting import Meeting
from contracts.state import State
from contracts.vocabulary import label
from readmodel.dashboard import words
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.rendering import page
from readmodel.dashboard.visitors import PageMissing, SignedIn, Visitor
from readmodel.filters import ConcernFilters, Filters, MeetingFilters
from readmodel.opening import Record
from readmodel.views import records

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SHOWN: Final = 25
_FILTERS: Final[dict[type[State], type[Filters]]] = {Meeting: MeetingFilters, Concern: ConcernFilters}


@router.get("/forces/{force}")
async def force_page(request: Request, force: str, visitor: SignedIn, meetings: str = "", concerns: str = "") -> HTMLResponse:
    """A force's meetings and concerns; `meetings` and `concerns` are the cursors of their next pages."""
    visitor.must_see(force)
    held = await _listed(visitor, Meeting, force, meetings)
    raised = await _listed(visitor, Concern, force, concerns)
    facts: dict[str, Any] = {
        "force": force,
        "force_name": visitor.forces[force],
        "meetings": held,
        "concerns": [_told(each) for each in raised.items],
        "more": raised.next,
    }
    return page(request, "force.html", **facts)


async def _listed(visitor: Visitor, model: type[State], force: str, cursor: str) -> records.Listed:
    """One page of a list.

    Raises:
        PageMissing: the cursor is none of ours.
    """
    try:
        filters = _FILTERS[model].model_validate({"force": [force], "limit": SHOWN, "cursor": cursor or None})
        return await records.page(visitor.store, visitor.reader, filters, visitor.runtime.now())
    except (Refusal, ValueError) as error:
        raise PageMissing from error


def _told(concern: Record) -> dict[str, Any]:
    """A concern as a line: what it is about, where it stands, and the chain in which it is."""
    sealed = "category" not in concern
    chain = f"/forces/{concern['force']}/meetings/{concern['meeting_id']}#concern-{concern['id']}" if concern.get("meeting_id") else None
    return {
        "id": concern["id"],
        "what": "Sealed concern" if sealed else words.category(concern["category"]),
        "said": concern.get("said"),
        "status": label(str(concern["status"])),
        "raised": words.known(words.raised_on(concern)),
        "chain": chain,
    }
