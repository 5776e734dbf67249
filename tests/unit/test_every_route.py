"""Every route of every service says who is admitted, and admits nobody else; what is open to anyone is listed here, with a reason."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import httpx2
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis import health, metrics, reference
from chassis.admission import AdmittedRoute
from chassis.principal import Role
from chassis.rates import Rates
from chassis.runtime import Runtime
from chassis.service import Service
from concerns.main import SERVICE as CONCERNS
from meetings.main import SERVICE as MEETINGS
from notifications.main import SERVICE as NOTIFICATIONS
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.visitors import signed_in
from readmodel.main import SERVICE as READMODEL
from tests.unit.leaflets import HERE, THERE, Issuer

SERVICES: Final = {service.name: service for service in (MEETINGS, CONCERNS, NOTIFICATIONS, READMODEL)}
OPEN: Final = {
    "/health/live": "supervisors have no token; it says that the loop turns",
    "/health/ready": "as above; it says which part is missing, and nothing of a force",
    "/metrics": "Prometheus has no token, and the gateway does not pass it on; labels are forces and types of events",
    "/docs": "the API is public, what it carries is not",
    "/openapi.json": "as above",
    "/catalog/schemas": "the contracts are public",
    "/catalog/schemas/{name}": "as above",
    "/catalog/examples/{name}": "as above; they are made up",
    "/catalog/asyncapi.json": "as above",
    "/catalog": "as above",
    "/static/{asked}/{name:path}": "style and type of the pages",
    "/": "what was published",
    "/about": "how the product works",
    "/sign-in": "whoever signs in is not signed in yet",
    "/sign-in/with/{name}": "as above",
    "/sign-in/return/{name}": "as above",
    "/sign-out": "ends the session of its own form alone",
}


def routes(service: Service) -> Iterator[APIRoute]:
    """Every route of a service, those that its document leaves out too."""
    for router in (*service.routers, health.router, metrics.router, reference.router):
        for route in router.routes:
            assert isinstance(route, APIRoute), f"{route} cannot be judged"
            yield route


def methods(route: APIRoute) -> set[str]:
    return set(route.methods or ())


def needs_a_session(dependant: Dependant) -> bool:
    return any(each.call is signed_in or needs_a_session(each) for each in dependant.dependencies)


EVERY = [(name, route) for name, service in SERVICES.items() for route in routes(service)]
ADMITTED = [(name, route) for name, route in EVERY if isinstance(route, AdmittedRoute)]


@pytest.mark.parametrize(("service", "route"), EVERY, ids=lambda each: each if isinstance(each, str) else f"{each.methods} {each.path}")
def test_a_route_says_who_is_admitted(service: str, route: APIRoute) -> None:
    if isinstance(route, AdmittedRoute):
        assert route.admitted, f"{service} {route.path} admits nobody"
    elif isinstance(route, PageRoute) and route.path not in OPEN:
        assert needs_a_session(route.dependant), f"{service} {route.path} is a page that needs no session and stands in no list"
    else:
        assert route.path in OPEN, f"{service} {route.path} is open to anyone: say why, or admit by role"


def test_the_list_of_open_routes_names_no_other() -> None:
    assert OPEN.keys() == {
        route.path for _, route in EVERY if not isinstance(route, AdmittedRoute) and not needs_a_session(route.dependant)
    }


@pytest.fixture
async def doors(runtime: Runtime) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    """A client of each service, none of which has an engine."""
    await runtime.registry.refresh()
    apps = {name: service.app(runtime) for name, service in SERVICES.items()}
    yield {name: httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://services.test") for name, app in apps.items()}
    await runtime.exits.aclose()


@pytest.mark.parametrize("name", SERVICES)
async def test_the_document_names_the_roles_of_every_operation(doors: dict[str, httpx2.AsyncClient], name: str) -> None:
    paths: dict[str, dict[str, Any]] = (await doors[name].get("/openapi.json")).json()["paths"]
    described = {(method.upper(), path) for path, item in paths.items() for method in item}

    assert {(method, route.path) for service, route in ADMITTED if service == name for method in methods(route)} <= described
    for service, route in ADMITTED:
        for method in methods(route) if service == name else ():
            named = {role for way in paths[route.path][method.lower()]["security"] for role in way["bearer"]}
            assert named == (set() if route.admitted == frozenset(Role) else {role.value for role in route.admitted})


LIMITLESS = ("/health/", "/metrics", "/static/")
"""What supervisors and Prometheus ask; and files, which cost less than to count them."""


async def test_no_route_answers_without_end(doors: dict[str, httpx2.AsyncClient], issuer: Issuer, runtime: Runtime) -> None:
    runtime.rates = Rates("1 per hour", "1 per hour", "1 per hour", ())
    bearer = issuer.bearer({HERE: [role.value for role in Role]})
    for headers in (bearer, {}):
        await doors["concerns"].get(f"/v1/forces/{HERE}/concerns/x", headers=headers)
    await doors["readmodel"].get("/about")

    found = [
        (route.path, status)
        for name, route in EVERY
        if not route.path.startswith(LIMITLESS)
        for headers in (bearer, {})
        for status in await asked(doors[name], route, headers)
    ]

    assert {each for each in found if each[1] != 429} == set()


@pytest.mark.parametrize("name", SERVICES)
async def test_the_document_says_of_every_operation_that_it_may_be_asked_too_often(doors: dict[str, httpx2.AsyncClient], name: str) -> None:
    paths: dict[str, dict[str, Any]] = (await doors[name].get("/openapi.json")).json()["paths"]

    silent = {path for path, item in paths.items() for operation in item.values() if "429" not in operation["responses"]}

    assert silent == {"/health/live", "/health/ready", "/metrics"}


async def asked(door: httpx2.AsyncClient, route: APIRoute, headers: dict[str, str]) -> list[int]:
    path = route.path.replace("{force}", HERE)
    while "{" in path:
        before, _, after = path.partition("{")
        path = f"{before}x{after.partition('}')[2]}"
    return [(await door.request(method, path, headers=headers)).status_code for method in methods(route)]


async def test_nobody_comes_in_without_a_token(doors: dict[str, httpx2.AsyncClient]) -> None:
    found = {(name, route.path): await asked(doors[name], route, {}) for name, route in ADMITTED}

    assert {statuses for each in found.values() for statuses in each} == {401}


async def test_nobody_comes_in_by_a_grant_for_another_force(doors: dict[str, httpx2.AsyncClient], issuer: Issuer) -> None:
    elsewhere = issuer.bearer({THERE: [role.value for role in Role]})
    found = {
        (name, route.path, status)
        for name, route in ADMITTED
        if "{force}" in route.path
        for status in await asked(doors[name], route, elsewhere)
    }

    assert {each for each in found if each[2] not in {403, 404}} == set()


async def test_nobody_comes_in_by_roles_that_are_not_admitted(doors: dict[str, httpx2.AsyncClient], issuer: Issuer) -> None:
    found = {
        (name, route.path, status)
        for name, route in ADMITTED
        if "{force}" in route.path and (others := frozenset(Role) - route.admitted)
        for status in await asked(doors[name], route, issuer.bearer({HERE: [role.value for role in others]}))
    }

    assert len(found) >= 30
    assert {each for each in found if each[2] != 403} == set()
