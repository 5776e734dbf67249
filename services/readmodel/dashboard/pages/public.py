"""The public page: what people said, what the police promised, what came of it, and what is late. No sign-in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.runtime import Runtime
from contracts.dates import today
from contracts.places import Neighbourhood
from readmodel.dashboard import charts, outcomes, words
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.outcomes import Came
from readmodel.dashboard.rendering import page
from readmodel.dashboard.visitors import Anyone, PageMissing
from readmodel.opening import Record
from readmodel.parts import parts
from readmodel.store import Store
from readmodel.views import public
from readmodel.views.public import Published, Topic

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST: Final = 200
"""How many published concerns the page looks at; the latest ones."""


@router.get("/")
async def you_said_we_did(request: Request, visitor: Anyone, force: str = "", neighbourhood: str = "", about: str = "") -> HTMLResponse:
    """What was published: of one force or of all, in one neighbourhood, about one thing."""
    del visitor
    runtime: Runtime = request.app.state.runtime
    names = runtime.registry.forces
    store, now = parts(runtime).store, runtime.now()
    if force and force not in names:
        raise PageMissing
    entries = await public.published(store, force or None, neighbourhood or None, about or None, limit=MOST)
    chosen = [entry for entry in entries if entry.force in names]
    upcoming = await public.upcoming(store, force or None, neighbourhood or None, now=now)
    topics = [topic for topic in await public.topics(store, force or None) if topic.force in names]
    asked: dict[str, Any] = {"force": force, "neighbourhood": neighbourhood, "about": about}
    return page(
        request,
        "public.html",
        **asked,
        names=names,
        forces=_forces(topics, names),
        **await _choices(store, topics, force),
        **_told(chosen, now),
        upcoming=[_poster(each) for each in upcoming if each["force"] in names],
    )


async def _choices(store: Store, topics: Sequence[Topic], force: str) -> dict[str, Any]:
    """What the page can be narrowed to: neighbourhoods and categories of which something was published."""
    ids = {topic.neighbourhood_id for topic in topics if topic.neighbourhood_id} if force else set()
    areas = await store.by_ids(Neighbourhood, force, sorted(ids))
    named = sorted((str(area["name"]), str(area["id"])) for area in areas if area.get("name") and not area.get("sensitive"))
    categories = sorted((words.category(code), code) for code in {topic.category for topic in topics if topic.category})
    return {
        "neighbourhoods": [(subject, name) for name, subject in named],
        "categories": [(code, name) for name, code in categories],
    }


def _forces(topics: Sequence[Topic], names: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Forces that published something, by name, and how many concerns and promises each."""
    counts: Counter[str] = Counter()
    for topic in topics:
        counts[topic.force] += topic.number
    return sorted(((force, names[force], count) for force, count in counts.items()), key=lambda each: each[1])


def _told(chosen: Sequence[Published], now: datetime) -> dict[str, Any]:
    day = today(now)
    every, parts = outcomes.pairs(chosen, day), outcomes.parts(chosen, day)
    return {
        "done": [pair for pair in every if pair.came is Came.DONE],
        "owed": sorted((pair for pair in every if pair.came in _OWED), key=lambda pair: _OWED.index(pair.came)),
        "refused": [pair for pair in every if pair.came is Came.NOT],
        "bar": charts.bar(parts),
        "concerns": sum(amount for _, _, amount in parts),
        "settled": parts[0][2],
        "latest": max((entry.published_at for entry in chosen if entry.published_at), default=None),
        "today": day,
    }


_OWED: Final = (Came.LATE, Came.NOTHING, Came.DOING)


def _poster(meeting: Record) -> dict[str, Any]:
    """A public meeting as a poster has it."""
    starts = datetime.fromisoformat(meeting["starts_at"])
    ends = datetime.fromisoformat(meeting["ends_at"]) if meeting.get("ends_at") else None
    day = words.london_day(starts)
    venue = meeting.get("venue") or {}
    return {
        "force": meeting["force"],
        "title": meeting.get("title") or words.kind(meeting.get("kind")),
        "day": int(day[8:10]),
        "date": words.weekday(day),
        "time": words.time_of_day(starts) + (f" to {words.time_of_day(ends)}" if ends and words.london_day(ends) == day else ""),
        "month": words.month(day),
        "where": ", ".join(str(venue[part]) for part in ("name", "address", "locality") if venue.get(part)),
    }
