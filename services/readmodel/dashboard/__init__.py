"""The pages: server-rendered, without JavaScript, for those who have a session and, at `/`, for anyone."""

from fastapi import APIRouter

from chassis.runtime import Runtime
from readmodel.dashboard import assets
from readmodel.dashboard.pages import about, catalog, chain, force, overview, public, sign_in, sign_in_with
from readmodel.dashboard.sessions import Sessions

_PAGES = (public, catalog, overview, chain, force, sign_in, sign_in_with, about)
ROUTERS: list[APIRouter] = [assets.router, *(each.router for each in _PAGES)]
"""Every page. The one that answers for what is missing comes last."""


async def setup(runtime: Runtime) -> None:
    """Indexes that sessions need."""
    await Sessions(runtime.mongo).indexes()
