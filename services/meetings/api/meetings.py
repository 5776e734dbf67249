"""Operations on meetings: planned, put off, cancelled or held, and amended afterwards."""

from typing import Annotated, Final

from chassis.desk import AtDesk
from chassis.documents import example
from chassis.problems import problems
from chassis.routers import Ref, reading, recording
from contracts.entry import Entry, Patch, PatchOf
from contracts.meeting import Cancelling, Holding, Meeting, MeetingAmending, MeetingRecording, Postponing
from meetings import use_cases
from meetings.api import examples

recorders = recording("meetings")
readers = reading("meetings")
_HELD: Final = Holding()
_PUT_OFF: Final = Postponing()


@recorders.post("", status_code=201, openapi_extra=example(request=examples.RECORD_HELD))
async def record_meeting(wish: Entry[MeetingRecording], desk: AtDesk) -> Meeting:
    """Schedule a meeting, or record one that was held already with `"status": "held"`.

    `held_on` is the day, the month (`2025-03`) or null, as it is known and never invented; it may not lie in the future.
    `attendance` says who came: those who are named, and how many there were in all. Hosts are offices ("Chief Constable"), never
    persons. What is only known of a held meeting is refused for a planned one. Organisations and the neighbourhood must be the
    force's own. A meeting that is recorded as held is announced as `meeting-held` alone.
    """
    return await use_cases.record_meeting(desk, wish)


@recorders.patch("/{meeting_id}", responses=problems(409, 412, 428), openapi_extra=example(request=examples.AMEND_MEETING))
async def amend_meeting(meeting_id: Ref, patch: Annotated[Patch, PatchOf(MeetingAmending)], desk: AtDesk) -> Meeting:
    """Put a meeting's facts right or add to them, by a JSON merge patch (RFC 7396), in whatever status it is.

    `starts_at` makes a postponed meeting `scheduled` again. Attendance, minutes and the like are amended of a held meeting only.
    `recorded_late` stays as it was said first. `"sensitive": true` hides the feedback on it too, and `false`, which takes the role
    `sensitive_reader` as well, shows what was hidden only for that. `reason` is put right once one was given; before that: 409.

    Of a sensitive meeting, `reason` and a part of `attendance` are amended by a `sensitive_reader` alone: refusals would tell what is
    sealed. The whole attendance can be given anew by any recorder.
    """
    return await use_cases.amend_meeting(desk, meeting_id, patch)


@recorders.post("/{meeting_id}/hold", responses=problems(409, 412, 428), openapi_extra=example(request=examples.HOLD))
async def hold_meeting(meeting_id: Ref, desk: AtDesk, wish: Entry[Holding] = _HELD) -> Meeting:
    """Record that a scheduled or postponed meeting took place: when, who came, what was on the table. Held or cancelled: 409."""
    return await use_cases.hold_meeting(desk, meeting_id, wish)


@recorders.post("/{meeting_id}/postpone", responses=problems(409, 412, 428), openapi_extra=example(request=examples.POSTPONE))
async def postpone_meeting(meeting_id: Ref, desk: AtDesk, wish: Entry[Postponing] = _PUT_OFF) -> Meeting:
    """Put a scheduled or postponed meeting off: to a new time, or to none yet. It stays `postponed` until a PATCH gives `starts_at`."""
    return await use_cases.postpone_meeting(desk, meeting_id, wish)


@recorders.post("/{meeting_id}/cancel", responses=problems(409, 412, 428), openapi_extra=example(request=examples.CANCEL))
async def cancel_meeting(meeting_id: Ref, wish: Entry[Cancelling], desk: AtDesk) -> Meeting:
    """Record that a scheduled or postponed meeting will not be held, and why. Held or cancelled: 409."""
    return await use_cases.cancel_meeting(desk, meeting_id, wish)


@readers.get("/{meeting_id}", openapi_extra=example(answer=examples.meeting()))
async def read_meeting(meeting_id: Ref, desk: AtDesk) -> Meeting:
    """Read a meeting where it is owned: its newest version at once, with the `ETag` that a change needs."""
    return await desk.show(Meeting, meeting_id)
