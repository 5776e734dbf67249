"""Who may do what, where: judged before the body is read. Routes of an admitted class answer states by role.

The order of judgement is that of the interface: token 401, rate 429, grant 403 or 404, body 4xx, then whatever the operation finds.
"""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from functools import wraps
from typing import Any, ClassVar, Final

from fastapi import Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError

from chassis import bodies
from chassis.answers import Page, Replayed, answer, page, replay
from chassis.mongo import Unavailable
from chassis.principal import Principal, Role
from chassis.problems import WRITE_REFUSED, Refusal, away, not_found, problems
from chassis.rates import TOO_OFTEN
from chassis.recording import Stale
from chassis.runtime import Runtime
from chassis.screening import screening
from chassis.trace import TRACEPARENT, made
from chassis.visit import Visit
from contracts.state import State

ANY_GRANT: Final = tuple(Role)
"""Every role: for operations that everyone with a grant may use, each seeing what they may."""
_NO_REGISTRY: Final = "The registry of forces cannot be read"
_ATTEMPTS: Final = 20
_PAUSE_SECONDS: Final = (0.005, 0.16)
"""The first and the longest pause before a route is run again; random, so that those who met do not meet again."""
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Endpoint = Callable[..., Awaitable[Any]]
_VISIT: Final[ContextVar[Visit]] = ContextVar("visit")


class AdmittedRoute(APIRoute):
    """A route that judges who asks before it reads what is sent."""

    admitted: ClassVar[frozenset[Role]] = frozenset()

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:  # noqa: ANN401 - the options of `APIRoute`
        writes = not _WITHOUT_BODY.issuperset(options.get("methods") or {"GET"})
        usual = problems(400, 401, 403, 404, 422, 503) | TOO_OFTEN | (problems(408, 413, 415) | WRITE_REFUSED if writes else {})
        options["responses"] = usual | (options.get("responses") or {})
        options["openapi_extra"] = {"security": _security(self.admitted)} | (options.get("openapi_extra") or {})
        super().__init__(path, _answering(endpoint, options.get("status_code") or 200), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Judge the caller, then the body, then let FastAPI go on; again when something changed meanwhile."""
        proceed = super().get_route_handler()

        async def handle(request: Request) -> Response:
            runtime: Runtime = request.app.state.runtime
            principal = await _principal(runtime, request)
            self._admit(runtime, principal, request)
            body = b"" if request.method in _WITHOUT_BODY else await bodies.receive(request)
            judged = bodies.Judged(request, body, bodies.read(request, body, wanted=self.body_field is not None))
            request.state.visit = _visit(runtime, principal, request, body)
            token = _VISIT.set(request.state.visit)
            try:
                with screening(request.state.visit) as screened:
                    return screened.answered(await _until_settled(proceed, judged))
            finally:
                _VISIT.reset(token)

        return handle

    def _admit(self, runtime: Runtime, principal: Principal, request: Request) -> None:
        if not runtime.registry.loaded:
            raise away(_NO_REGISTRY)
        force = request.path_params.get("force")
        if force is None or runtime.registry.admits(principal, force, self.admitted):
            return
        if runtime.registry.roles(principal, force):
            raise Refusal(403, "role-missing", f"Your grant for this force lacks the role: {' or '.join(sorted(self.admitted))}")
        single = request.method == "GET" and self.path_format.endswith("}") and not self.path_format.endswith("{force}")
        raise not_found(self.path_format.split("/")[-2]) if single else Refusal(403, "not-granted", "You have no grant for this force")


def admits(*roles: Role) -> type[APIRoute]:
    """The class of routes that admit these roles: `APIRouter(prefix=…, route_class=admits(Role.RECORDER))`.

    With `{force}` in the path the principal needs one of the roles in that force: without a grant there, a single thing is 404
    and everything else 403; with a grant but not the role, 403. Without `{force}` any valid token is admitted.
    """
    return type("AdmittedRoute", (AdmittedRoute,), {"admitted": frozenset(roles)})


def _security(admitted: frozenset[Role]) -> list[dict[str, list[str]]]:
    """The roles of which one is needed, as OpenAPI 3.1 names roles: alternatives of one each; any token where every role will do."""
    return [{"bearer": []}] if admitted == frozenset(Role) else [{"bearer": [role.value]} for role in sorted(admitted)]


async def _principal(runtime: Runtime, request: Request) -> Principal:
    """Who asks, if not too often. A valid token is never refused for what others at its address sent."""
    sent = request.headers.getlist("authorization")
    try:
        principal = await runtime.authenticator.principal(sent[0] if len(sent) == 1 else None)
    except Refusal as refusal:
        if refusal.status == status.HTTP_401_UNAUTHORIZED:
            await runtime.rates.attempt(request)
        raise
    await runtime.rates.principal(principal)
    return principal


def _visit(runtime: Runtime, principal: Principal, request: Request, body: bytes) -> Visit:
    target = f"{request.method} {request.url.path}"
    return Visit(runtime, principal, request.path_params.get("force"), target, TRACEPARENT.get() or made(), body, request.headers)


async def _until_settled(proceed: Callable[[Request], Coroutine[Any, Any, Response]], request: Request) -> Response:
    shortest, longest = _PAUSE_SECONDS
    for attempt in range(_ATTEMPTS):
        try:
            return await _once(proceed, request)
        except Stale:
            await asyncio.sleep(random.uniform(0, min(shortest * 2**attempt, longest)))  # noqa: S311 - a pause is no secret
        except Replayed as replayed:
            return replay(replayed, request.state.visit)
    raise Refusal(503, "busy", "Others keep changing this record: send the same request again", headers={"Retry-After": "1"})


async def _once(proceed: Callable[[Request], Coroutine[Any, Any, Response]], request: Request) -> Response:
    """Run the route. What refuses a request may be its own first attempt, which committed meanwhile: then it is answered as that was."""
    try:
        return await proceed(request)
    except (Stale, Replayed, Unavailable, RequestValidationError, ValidationError):
        raise
    # Whatever error the service's own rules raise.
    except Exception:
        for look_again in request.state.visit.recorded_before:
            await look_again()
        raise


def _answering(endpoint: Endpoint, status: int) -> Endpoint:
    """The endpoint, its state or page of states turned into the answer that its visitor may see. A stream stays as it is."""
    streams = inspect.isasyncgenfunction(endpoint)
    if streams:
        return endpoint
    if not inspect.iscoroutinefunction(endpoint):
        message = f"{endpoint} must be an `async def`: what it returns is judged where it runs"
        raise TypeError(message)

    @wraps(endpoint)
    async def answering(*args: Any, **values: Any) -> Any:  # noqa: ANN401 - whatever the endpoint takes and gives
        result = await endpoint(*args, **values)
        if isinstance(result, State):
            return answer(result, _VISIT.get(), status)
        if isinstance(result, list | tuple) and any(isinstance(each, State) for each in result):
            message = "states in a list would leave unjudged: return a `Page`"
            raise TypeError(message)
        return page(result, _VISIT.get()) if isinstance(result, Page) else result

    return answering
