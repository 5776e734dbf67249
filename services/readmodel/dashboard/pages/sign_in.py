"""Signing in with a one-time link, and out.

A link redeems its code at once when the browser was sent there by nobody else's page: typed, pasted, or clicked outside a
browser, and so by scripts too. A prefetch redeems nothing. A link on another site's page (web mail, chat) shows a button, so
that neither a scanner of links uses the code up, nor another site signs someone in unasked.
"""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from chassis.runtime import Runtime
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.provider import providers
from readmodel.dashboard.rendering import page
from readmodel.dashboard.sessions import COOKIE, LIFETIME, Session, Sessions
from readmodel.dashboard.visitors import Anyone

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Field = Annotated[str, Form(max_length=200)]
_FROM_HERE: Final = frozenset({None, "none", "same-origin"})
_AHEAD: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_FOUND: Final = 303


@router.get("/sign-in")
async def sign_in(request: Request, visitor: Anyone, code: str = "") -> Response:
    """Redeem a link, or say how to come by one."""
    del visitor
    if code and prefetched(request):
        return Response(status_code=204)
    if code and request.headers.get("sec-fetch-site") in _FROM_HERE:
        return await _redeem(request, code)
    return _asked(request, code=code)


@router.post("/sign-in")
async def sign_in_by_button(request: Request, visitor: Anyone, code: Field = "") -> Response:
    """Redeem a link whose button was pressed."""
    del visitor
    if not _same_origin(request):
        return _asked(request, 403)
    return await _redeem(request, code)


@router.post("/sign-out")
async def sign_out(request: Request, visitor: Anyone, token: Field = "") -> Response:
    """End the session, for a form that came from one of its pages."""
    if visitor is not None:
        if not visitor.session.vouches_for(token):
            return page(request, "not_from_here.html", 403)
        await Sessions(visitor.runtime.mongo).end(visitor.session.secret)
    response = RedirectResponse("/sign-in", _FOUND)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=is_secure(request))
    return response


async def _redeem(request: Request, code: str) -> Response:
    runtime: Runtime = request.app.state.runtime
    await runtime.rates.attempt(request)
    session = await Sessions(runtime.mongo).redeem(code, runtime.now())
    if session is None:
        return _asked(request, 403, refused=True)
    return await welcome(request, session)


def _asked(request: Request, status: int = 200, code: str = "", *, refused: bool = False) -> Response:
    ways = providers(request.app.state.runtime).values()
    return page(request, "sign_in.html", status, code=code, refused=refused, providers=ways)


async def welcome(request: Request, session: Session, lifetime: timedelta = LIFETIME) -> Response:
    """Let a browser in whose session has just begun; the one that it had is over."""
    if former := request.cookies.get(COOKIE):
        await Sessions(request.app.state.runtime.mongo).end(former)
    response = RedirectResponse("/overview", _FOUND)
    seconds = int(lifetime.total_seconds())
    response.set_cookie(COOKIE, session.secret, max_age=seconds, httponly=True, samesite="lax", secure=is_secure(request))
    return response


def prefetched(request: Request) -> bool:
    """Whether the browser only looks ahead."""
    return any("prefetch" in request.headers.get(name, "") or "preview" in request.headers.get(name, "") for name in _AHEAD)


def _same_origin(request: Request) -> bool:
    """Whether a form was sent from our own page; a client that does not say is no browser, and has no cookie to lose."""
    return request.headers.get("sec-fetch-site") in _FROM_HERE


def is_secure(request: Request) -> bool:
    """Whether the browser speaks https, to us or to the gateway before us."""
    return "https" in {request.url.scheme, request.headers.get("x-forwarded-proto")}
