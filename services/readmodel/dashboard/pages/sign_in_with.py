"""Signing in by an identity provider: the browser leaves with a challenge, and comes back with a code."""

from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from chassis.runtime import Runtime
from readmodel.dashboard.flow import COOKIE, SECONDS, Flow
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.pages.sign_in import is_secure, prefetched, welcome
from readmodel.dashboard.provider import NotSignedInThere, Provider, providers
from readmodel.dashboard.rendering import page
from readmodel.dashboard.sessions import Sessions
from readmodel.dashboard.visitors import Anyone, PageMissing

router = APIRouter(route_class=PageRoute, include_in_schema=False)
log = structlog.get_logger()
Given = Annotated[str, Query(max_length=4096)]
_FOUND: Final = 303
_PATH: Final = "/sign-in"


@router.get("/sign-in/with/{name}")
async def leave(request: Request, visitor: Anyone, name: str) -> Response:
    """Send the browser to a provider."""
    del visitor
    if prefetched(request):
        return Response(status_code=204)
    provider, flow = await _provider(request, name), Flow.begin(name)
    try:
        response = RedirectResponse(await provider.address(flow), _FOUND)
    except NotSignedInThere as error:
        return _failed(request, provider, error)
    response.set_cookie(COOKIE, flow.secret, max_age=SECONDS, path=_PATH, httponly=True, samesite="lax", secure=is_secure(request))
    return response


@router.get("/sign-in/return/{name}")
async def come_back(
    request: Request, visitor: Anyone, name: str, code: Given = "", state: Given = "", iss: Given | None = None
) -> Response:
    """Redeem what the browser came back with, and begin a session."""
    del visitor
    provider, flow = await _provider(request, name), Flow(name, request.cookies.get(COOKIE, ""))
    if not code or not provider.is_issuer(iss) or not flow.came_back_with(state):
        return _failed(request, provider, NotSignedInThere("the browser came back without a code, or from another sign-in"))
    try:
        principal = await provider.principal(code, flow)
    except NotSignedInThere as error:
        return _failed(request, provider, error)
    runtime: Runtime = request.app.state.runtime
    session = await Sessions(runtime.mongo).begin(principal, runtime.now(), provider.lifetime)
    log.info("signed_in", subject=principal.subject)
    response = await welcome(request, session, provider.lifetime)
    response.delete_cookie(COOKIE, path=_PATH)
    return response


async def _provider(request: Request, name: str) -> Provider:
    """The provider of that name; asking it for anything is an attempt to sign in."""
    runtime: Runtime = request.app.state.runtime
    await runtime.rates.attempt(request)
    found = providers(runtime).get(name)
    if found is None:
        raise PageMissing
    return found


def _failed(request: Request, provider: Provider, error: NotSignedInThere) -> Response:
    log.warning("sign_in_failed", provider=provider.name, why=str(error))
    response = page(request, "not_signed_in.html", 403, provider=provider)
    response.delete_cookie(COOKIE, path=_PATH)
    return response
