"""What these pages publish and never publish, which cookie they set, and how accessible they are."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.rendering import page
from readmodel.dashboard.visitors import Anyone, PageMissing, SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/about")
async def about(request: Request, visitor: Anyone) -> HTMLResponse:
    """About these pages."""
    del visitor
    return page(request, "about.html")


@router.get("/forces/{rest:path}")
async def missing(rest: str, visitor: SignedIn) -> HTMLResponse:
    """Whatever else is asked for under a force: the page for what is absent or not granted."""
    del rest, visitor
    raise PageMissing
