"""What the read model offers to programs: lists, records, the chain of a meeting, figures, coverage, events and the catalogue."""

from typing import Final

from fastapi import APIRouter

from readmodel.api import catalog, chains, events, figures, lists, records

ROUTERS: Final[tuple[APIRouter, ...]] = tuple(area.router for area in (lists, records, chains, figures, events, catalog))
