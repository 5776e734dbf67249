"""The chain of one meeting: what was said there, what was promised, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.dates import span, today
from readmodel.dashboard import digest, history, words
from readmodel.dashboard.frame import PageRoute
from readmodel.dashboard.rendering import page
from readmodel.dashboard.stations import Promise, promise
from readmodel.dashboard.threads import Thread, groups, threads
from readmodel.dashboard.visitors import PageMissing, SignedIn, Visitor
from readmodel.views.chain import of_meeting
from readmodel.views.linking import Chain

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Record = Mapping[str, Any]
STEPS_SHOWN: Final = 6


@router.get("/forces/{force}/meetings/{meeting_id}")
async def chain(request: Request, force: str, meeting_id: str, visitor: SignedIn) -> HTMLResponse:
    """The chain of a meeting."""
    visitor.must_see(force)
    found = await of_meeting(visitor.store, visitor.reader, meeting_id)
    if found is None or found.meeting is None or found.meeting["force"] != force:
        raise PageMissing
    return page(request, "chain.html", **_facts(found, found.meeting, visitor))


def _facts(found: Chain, meeting: Record, visitor: Visitor) -> dict[str, Any]:
    now = visitor.runtime.now()
    every = {action["id"]: promise(action, now) for action in found.actions}
    names = {each["id"]: each.get("name") for each in found.organisations}
    all_threads = threads(found.concerns, found.actions, now)
    return {
        **_told(all_threads, every, meeting, now),
        "starts": _starts(meeting),
        "meeting": meeting,
        "title": _title(meeting),
        "force": meeting["force"],
        "force_name": visitor.forces[str(meeting["force"])],
        "attendance": found.attendance,
        "organisations": names,
        "came": [name for each in _named(meeting) if (name := names.get(each))],
        "feedback": found.feedback,
        "free": [every[each] for each in found.actions_without_concern],
        "steps": history.steps([dict(event) for event in found.timeline], _titles(all_threads, every)),
        "steps_shown": STEPS_SHOWN,
        "now": now,
        "today": today(now),
    }


def _told(all_threads: list[Thread], every: Mapping[str, Promise], meeting: Record, now: datetime) -> dict[str, Any]:
    age = _days_since(meeting.get("held_on"), today(now))
    return {
        "told": digest.takeaway(all_threads, age),
        "debtors": digest.debtors(every.values()),
        "columns": digest.columns(all_threads),
        "groups": groups(all_threads),
        "bare": sum(not each.promises and each.closing is None for each in all_threads),
        "sealed": sum(each.sealed for each in all_threads),
        "days_on": age,
    }


def _named(meeting: Record) -> list[str]:
    """The organisations that came, and are named; others of the chain were heard, and did not come."""
    return [each["organisation_id"] for each in (meeting.get("attendance") or {}).get("named") or ()]


def _title(meeting: Record) -> str:
    if meeting.get("erased_at"):
        return "Erased meeting"
    return str(meeting.get("title") or "Sealed meeting")


def _starts(meeting: Record) -> str | None:
    """When a planned meeting begins, in words."""
    if not meeting.get("starts_at"):
        return None
    at = datetime.fromisoformat(meeting["starts_at"])
    return f"{words.weekday(words.london_day(at))}, {words.time_of_day(at)}"


def _days_since(held_on: str | None, day: str) -> int | None:
    """Days since a meeting, when its day is known."""
    known = span(held_on)
    return words.days_between(known[0], day) if known is not None and known[0] == known[1] else None


def _titles(all_threads: list[Thread], every: Mapping[str, Promise]) -> dict[str, str]:
    about = {each.id: each.title.lower() for each in all_threads}
    return about | {each.id: each.text or each.owner or "sealed" for each in every.values()}
