"""Where my forces stand: one sentence, what needs attention, figures, forces side by side, meetings by month."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.dates import today
from readmodel.dashboard import periods, telling
from readmodel.dashboard.charts import KINDS, Chart
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.months import Monthly, monthly
from readmodel.dashboard.needs import needs
from readmodel.dashboard.periods import Period
from readmodel.dashboard.rendering import page
from readmodel.dashboard.visitors import PageMissing, SignedIn, Visitor
from readmodel.tally import Tally
from readmodel.views import attention, coverage, figures
from readmodel.views.figures import Summary

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_CHARTS: Final = 6


@dataclass(frozen=True)
class View:
    """What is looked at: some forces, in a period. `fell_back`: the period was not asked for, nor is it the usual one."""

    forces: tuple[str, ...]
    period: Period
    now: Summary
    before: Summary | None
    fell_back: bool


@router.get("/overview")
async def overview(request: Request, visitor: SignedIn, force: str = "", period: str = "") -> HTMLResponse:
    """Where the visitor's forces stand."""
    if force and force not in visitor.forces:
        raise PageMissing
    view = await _view(visitor, (force,) if force else tuple(visitor.forces), period)
    return page(request, "overview.html", chosen=force, periods=periods.CHOICES, **await _facts(visitor, view))


async def _view(visitor: Visitor, forces: tuple[str, ...], asked: str) -> View:
    day = today(visitor.runtime.now())
    chosen = periods.period(asked, day)
    found = await _summary(visitor, forces, chosen)
    fell_back = not asked and not _reports(found.total)
    if fell_back:
        chosen = periods.period(periods.EVERYTHING, day)
        found = await _summary(visitor, forces, chosen)
    before = None if chosen.before is None else await _summary(visitor, forces, chosen.before)
    return View(forces, chosen, found, before, fell_back and _reports(found.total))


async def _facts(visitor: Visitor, view: View) -> dict[str, Any]:
    store, now = visitor.store, visitor.runtime.now()
    late, covered, by_month = await asyncio.gather(
        attention.of(store, visitor.reader, view.forces, now=now),
        coverage.of(store, view.forces),
        figures.by_month(store, view.forces, None, None),
    )
    known = Counter(each.force for each in covered.organisations)
    total, by_force = (view.before.total, view.before.by_force) if view.before else (None, dict[str, Tally]())
    return {
        "view": view,
        "now": now,
        "today": today(now),
        "takeaway": telling.takeaway(view.now.total, view.now.by_force, visitor.forces),
        "needs": needs(late, covered, view.now, visitor.forces, now),
        "panel": telling.panel(view.now.total, total, known.total()),
        "rows": {force: telling.row(view.now.by_force[force], by_force.get(force), known[force]) for force in view.forces},
        "national": await _national(visitor, view.period),
        **_charts(view.forces, by_month, view.period, today(now)),
    }


async def _summary(visitor: Visitor, forces: Sequence[str], period: Period) -> Summary:
    return await figures.summary(visitor.store, forces, period.since, period.until, visitor.runtime.now())


async def _national(visitor: Visitor, period: Period) -> tuple[telling.Told, ...] | None:
    everywhere = tuple(visitor.runtime.registry.forces)
    if len(everywhere) < telling.FEWEST_FORCES:
        return None
    return telling.national((await _summary(visitor, everywhere, period)).by_force)


def _charts(forces: Sequence[str], found: Sequence[figures.Month], period: Period, day: str) -> dict[str, Any]:
    told: Monthly = monthly(found, forces, day if period.until else None)
    charts: dict[str, Chart] = {force: told.charts[force] for force in forces[:MOST_CHARTS] if force in told.charts}
    return {"charts": charts, "months": told, "kinds": KINDS, "most_charts": MOST_CHARTS}


def _reports(total: Tally) -> bool:
    return bool(total.meetings.recorded or total.concerns.raised or total.actions.opened)
