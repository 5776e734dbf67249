"""What the meetings service offers over HTTP, and the problem that each of its refusals becomes."""

from typing import Final

from fastapi import APIRouter

from chassis.problems import Refusals
from meetings.api import feedback, meetings, neighbourhoods, organisations
from meetings.domain import refusals

ROUTERS: Final[tuple[APIRouter, ...]] = tuple(
    router for area in (organisations, neighbourhoods, meetings, feedback) for router in (area.recorders, area.readers)
)

REFUSALS: Final[Refusals] = {
    refusals.ErasedError: (409, "erased"),
    refusals.AlreadyHeldError: (409, "already-held"),
    refusals.AlreadyCancelledError: (409, "already-cancelled"),
    refusals.NotHeldError: (409, "not-held"),
    refusals.AlreadyMergedError: (409, "already-merged"),
    refusals.MergedIntoItselfError: (409, "merged-into-itself"),
    refusals.MergedAwayError: (409, "merged-away"),
    refusals.CodeTakenError: (409, "code-taken"),
    refusals.NotSaidYetError: (409, "not-said-yet"),
    refusals.HeldFactError: (422, "not-held-yet"),
    refusals.InFutureError: (422, "in-the-future"),
    refusals.NoSuchReferenceError: (422, "no-such-reference"),
    refusals.RecordedLateError: (422, "recorded-late-is-fixed"),
}
