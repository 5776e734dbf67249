"""The routers that owners' operations stand on: whom each admits, and at which address."""

from typing import Annotated, Final

from fastapi import APIRouter, Path

from chassis.admission import ANY_GRANT, admits
from chassis.principal import Role

ID_PATTERN: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
Ref = Annotated[str, Path(description="Id of the record", pattern=ID_PATTERN)]


def recording(collection: str, tag: str | None = None) -> APIRouter:
    """A router for what recorders do."""
    return _router(collection, tag, Role.RECORDER)


def publishing(collection: str) -> APIRouter:
    """A router for what publishers do."""
    return _router(collection, None, Role.PUBLISHER)


def reading(collection: str, tag: str | None = None) -> APIRouter:
    """A router for what is read where it is owned: by everyone with a grant, each seeing what their roles open."""
    return _router(collection, tag, *ANY_GRANT)


def _router(collection: str, tag: str | None, *roles: Role) -> APIRouter:
    return APIRouter(prefix=f"/v1/forces/{{force}}/{collection}", route_class=admits(*roles), tags=[tag or collection])
