"""What every page has in common on its way out: security headers, and answers in HTML to everything that can go wrong."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from chassis import bodies
from chassis.mongo import Unavailable
from chassis.rates import TooOften
from readmodel.dashboard.rendering import page
from readmodel.dashboard.visitors import NoForce, NotSignedIn, PageMissing

log = structlog.get_logger()
Answer = Callable[[Request], Awaitable[Response]]
_POLICY: Final = {
    "default-src": "'none'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_PAGES: Final[dict[type[Exception], tuple[str, int]]] = {
    NoForce: ("no_force.html", 403),
    PageMissing: ("missing.html", 404),
    RequestValidationError: ("missing.html", 404),
    Unavailable: ("away.html", 503),
}
"""What each refusal becomes. A request that cannot be read asks for no page that there is."""


class PageRoute(APIRoute):
    """A route that answers with a page, whatever happens."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Wrap the endpoint: headers around it, pages for its refusals."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            request.state.nonce = secrets.token_urlsafe(16)
            response = await _answer(inner, await bodies.received(request) if request.method == "POST" else request)
            response.headers.update(_headers(request))
            return response

        return handle


async def _answer(inner: Answer, request: Request) -> Response:
    try:
        return await inner(request)
    except NotSignedIn:
        return RedirectResponse("/sign-in", 303)
    except TooOften as refusal:
        response: Response = page(request, "too_often.html", refusal.status)
        response.headers.update(refusal.headers)
        return response
    except Exception as error:  # whatever failed, the visitor gets a page and the log its place
        known = _refusal(error)
        if known is None:
            log.exception("page_failed", exc_info=error)
        return page(request, *(known or ("failed.html", 500)))


def _refusal(error: Exception) -> tuple[str, int] | None:
    return next((become for kind, become in _PAGES.items() if isinstance(error, kind)), None)


def _headers(request: Request) -> dict[str, str]:
    nonce = f"'nonce-{request.state.nonce}'"
    policy = _POLICY | {"script-src": nonce, "style-src": nonce}
    return {
        "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
