"""What can be subscribed to: every event with its meaning, schema and example, for people and for programs. No sign-in."""

import json
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from chassis.documents import example
from chassis.rates import TOO_OFTEN
from contracts.vocabulary import label
from readmodel import catalogue
from readmodel.accepting import preferred
from readmodel.catalogue import ASYNCAPI, Entry
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.rendering import page
from readmodel.dashboard.visitors import Anyone

router = APIRouter(route_class=PageRoute, tags=["catalogue"])
_JSON: Final = "application/json"
_PAGE: Final = {"content": {HTMLResponse.media_type: {"schema": {"type": "string"}}}}
_FORMS: Final[dict[int | str, dict[str, Any]]] = {200: _PAGE, 429: TOO_OFTEN[429] | _PAGE}


def _answered(entries: tuple[Entry, ...]) -> dict[str, Any]:
    return {"items": [each.model_dump() for each in entries], "next": None, "asyncapi": ASYNCAPI}


@router.get("/catalog", responses=_FORMS, openapi_extra=example(answer=_answered(catalogue.entries()[:1])))
async def catalog(request: Request, visitor: Anyone) -> Response:
    """Every event that can be subscribed to: what it means, its schema and its example. A page, or JSON where `Accept` prefers it."""
    del visitor
    if preferred(request.headers.get("accept", ""), ("text/html", _JSON)) == _JSON:
        return JSONResponse(_answered(catalogue.entries()))
    return page(request, "catalog.html", groups=_groups(), asyncapi=ASYNCAPI)


def _groups() -> list[tuple[str, list[dict[str, Any]]]]:
    """Events by what they are about, in words, each with the text of its example."""
    about = dict.fromkeys(each.about for each in catalogue.entries())
    return [(label(each), [_told(entry) for entry in catalogue.entries() if entry.about == each]) for each in about]


def _told(entry: Entry) -> dict[str, Any]:
    return {**entry.model_dump(), "example": json.dumps(catalogue.example_of(entry), indent=2, ensure_ascii=False)}
