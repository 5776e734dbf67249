"""What the concerns service offers over HTTP, and the problem that each of its refusals becomes."""

from typing import Final

from fastapi import APIRouter

from chassis.problems import Refusals
from concerns.api import actions, concerns
from concerns.domain import refusals

ROUTERS: Final[tuple[APIRouter, ...]] = tuple(
    router for area in (concerns, actions) for router in (area.recorders, area.publishers, area.readers)
)

REFUSALS: Final[Refusals] = {
    refusals.ErasedError: (409, "erased"),
    refusals.AlreadyClosedError: (409, "already-closed"),
    refusals.NotClosedError: (409, "not-closed"),
    refusals.AlreadyRespondedError: (409, "already-responded"),
    refusals.SensitiveError: (409, "sensitive"),
    refusals.NotPublishedError: (409, "not-published"),
    refusals.NotDoneYetError: (409, "not-done-yet"),
    refusals.NotSaidYetError: (409, "not-said-yet"),
    refusals.InFutureError: (422, "in-the-future"),
    refusals.RecordedLateError: (422, "recorded-late-is-fixed"),
    refusals.DuplicateOfItselfError: (422, "duplicate-of-itself"),
    refusals.NoSuchConcernError: (422, "no-such-concern"),
}
