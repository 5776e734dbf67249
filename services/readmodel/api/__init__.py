"""What the read model offers to programs: lists, records, the chain of a meeting, figures, coverage and events."""

from typing import Final

from fastapi import APIRouter

from readmodel.api import chains, events, figures, lists, records

ROUTERS: Final[tuple[APIRouter, ...]] = tuple(area.router for area in (lists, records, chains, figures, events))
