"""What can be done with organisations, neighbourhoods, meetings and feedback: load, decide, record."""

from typing import TypeVar

from chassis.answers import Page
from chassis.desk import Desk
from chassis.problems import not_found
from contracts.entry import Patch
from contracts.event import Event
from contracts.events import FeedbackAmended
from contracts.meeting import Cancelling, Feedback, FeedbackFacts, Holding, Meeting, MeetingRecording, Postponing
from contracts.places import Merging, Neighbourhood, NeighbourhoodFacts, Organisation, OrganisationFacts
from contracts.state import State
from meetings import domain, store

S = TypeVar("S", bound=State)


async def register_organisation(desk: Desk, facts: OrganisationFacts) -> Organisation:
    """Register an organisation."""
    await desk.admit()
    registered = domain.register_organisation(desk.new_id(), desk.force, facts, desk.now())
    return await desk.record(await _referring(desk, registered))


async def amend_organisation(desk: Desk, organisation_id: str, patch: Patch) -> Organisation:
    """Amend an organisation."""
    organisation = await desk.load(Organisation, organisation_id)
    amended = domain.amend_organisation(organisation, patch)
    return await desk.record(await _referring(desk, amended, organisation), rekey=patch.touches(*organisation.sealed_names()))


async def merge_organisation(desk: Desk, organisation_id: str, wish: Merging) -> Organisation:
    """Merge an organisation into another one; the fences keep that one from being merged away at the same time."""
    await desk.fence(organisation_id)
    await desk.fence(wish.merged_into or "")
    organisation = await desk.load(Organisation, organisation_id)
    into = await desk.read(Organisation, wish.merged_into or "")
    return await desk.record(domain.merge_organisation(organisation, wish, into, desk.now()))


async def register_neighbourhood(desk: Desk, facts: NeighbourhoodFacts) -> Neighbourhood:
    """Register a neighbourhood, under a code that no other one of the force has."""
    await desk.admit()
    registered = domain.register_neighbourhood(desk.new_id(), desk.force, facts, desk.now())
    domain.require_free_code(registered.state, await store.holders(desk, registered.state))
    return await desk.record(registered)


async def amend_neighbourhood(desk: Desk, neighbourhood_id: str, patch: Patch) -> Neighbourhood:
    """Amend a neighbourhood, under a code that no other one of the force has."""
    neighbourhood = await desk.load(Neighbourhood, neighbourhood_id)
    amended = domain.amend_neighbourhood(neighbourhood, patch)
    domain.require_free_code(amended.state, await store.holders(desk, amended.state))
    return await desk.record(amended, rekey=patch.touches(*neighbourhood.sealed_names()))


async def record_meeting(desk: Desk, wish: MeetingRecording) -> Meeting:
    """Schedule a meeting, or record one that was held already."""
    domain.held_in_time(wish.held_on, desk.now())
    await desk.admit()
    recorded = domain.record_meeting(desk.new_id(), desk.force, wish, desk.now())
    return await desk.record(await _referring(desk, recorded))


async def amend_meeting(desk: Desk, meeting_id: str, patch: Patch) -> Meeting:
    """Amend a meeting; its feedback becomes sensitive with it, or ordinary again, in the same transaction."""
    domain.held_in_time(patch.changes.get("held_on"), desk.now())
    if patch.touches("sensitive"):
        await desk.fence(meeting_id)
    meeting = await desk.load(Meeting, meeting_id)
    if domain.is_judged_by_what_is_sealed(patch):
        desk.require_sight(meeting)
    amended = domain.amend_meeting(meeting, patch, desk.now())
    entailed = await _entailed(desk, meeting, amended.state)
    return await desk.record(await _referring(desk, amended, meeting), *entailed, rekey=patch.touches("sensitive", *meeting.sealed_names()))


async def hold_meeting(desk: Desk, meeting_id: str, wish: Holding) -> Meeting:
    """Record that a planned meeting was held."""
    domain.held_in_time(wish.held_on, desk.now())
    meeting = await desk.load(Meeting, meeting_id)
    held = domain.hold_meeting(meeting, wish, desk.now())
    return await desk.record(await _referring(desk, held, meeting))


async def postpone_meeting(desk: Desk, meeting_id: str, wish: Postponing) -> Meeting:
    """Put a planned meeting off."""
    meeting = await desk.load(Meeting, meeting_id)
    return await desk.record(domain.postpone_meeting(meeting, wish, desk.now()))


async def cancel_meeting(desk: Desk, meeting_id: str, wish: Cancelling) -> Meeting:
    """Cancel a planned meeting."""
    meeting = await desk.load(Meeting, meeting_id)
    return await desk.record(domain.cancel_meeting(meeting, wish, desk.now()))


async def receive_feedback(desk: Desk, meeting_id: str, facts: FeedbackFacts) -> Feedback:
    """Record feedback on a held meeting."""
    await desk.admit()
    await desk.fence(meeting_id, shared=True)
    meeting = await desk.show(Meeting, meeting_id)
    received = domain.receive_feedback(desk.new_id(), meeting, facts, desk.now())
    return await desk.record(await _referring(desk, received))


async def amend_feedback(desk: Desk, meeting_id: str, feedback_id: str, patch: Patch) -> Feedback:
    """Amend feedback on a meeting."""
    feedback = _of(meeting_id, await desk.load(Feedback, feedback_id))
    return await desk.record(domain.amend_feedback(feedback, patch), rekey=patch.touches(*feedback.sealed_names()))


async def read_feedback(desk: Desk, meeting_id: str, feedback_id: str) -> Feedback:
    """One feedback on a meeting."""
    return _of(meeting_id, await desk.show(Feedback, feedback_id))


async def list_feedback(desk: Desk, meeting_id: str, after: str | None, limit: int) -> Page[Feedback]:
    """A page of the feedback on a meeting."""
    meeting = await desk.show(Meeting, meeting_id)
    found = await store.feedback_after(desk, meeting.id, after, limit + 1)
    return Page(items=tuple(found[:limit]), next=found[limit - 1].id if len(found) > limit else None)


def _of(meeting_id: str, feedback: Feedback) -> Feedback:
    """The feedback, unless it is on another meeting; of an erased one nobody can tell any more."""
    if feedback.erased_at is None and feedback.meeting_id != meeting_id:
        raise not_found(Feedback.collection)
    return feedback


async def _entailed(desk: Desk, before: Meeting, after: Meeting) -> list[FeedbackAmended]:
    """What becomes of the feedback on a meeting whose sensitivity changes."""
    return [] if before.sensitive == after.sensitive else domain.inherit(await store.feedback_unlike(desk, after), after)


async def _referring(desk: Desk, event: Event[S], before: State | None = None) -> Event[S]:
    """The event, once what it newly refers to was found to stand."""
    wanted = domain.references(event.state, before)
    domain.require(wanted, await store.standing(desk, wanted))
    return event
