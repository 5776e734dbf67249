"""Operations on feedback: what those who came thought of a meeting."""

from typing import Annotated

from fastapi import Query

from chassis.answers import Page
from chassis.desk import AtDesk
from chassis.documents import example
from chassis.problems import problems
from chassis.routers import ID_PATTERN, Ref, reading, recording
from contracts.entry import Entry, Patch, PatchOf
from contracts.meeting import Feedback, FeedbackAmending, FeedbackFacts
from meetings import use_cases
from meetings.api import examples

recorders = recording("meetings", tag="feedback")
readers = reading("meetings", tag="feedback")
After = Annotated[str | None, Query(description="The `next` of the page before", pattern=ID_PATTERN)]
Limit = Annotated[int, Query(description="Most items on a page", ge=1, le=200)]


@recorders.post(
    "/{meeting_id}/feedback",
    status_code=201,
    responses=problems(409),
    openapi_extra=example(request=examples.FEEDBACK),
)
async def receive_feedback(meeting_id: Ref, facts: Entry[FeedbackFacts], desk: AtDesk) -> Feedback:
    """Record what an organisation thought of a held meeting: its gist, what stood in the way, and confidence from 1 to 5 before and after.

    Confidence is optional; it is what the force is measured by. Feedback on a sensitive meeting is sensitive. A meeting that was not
    held: 409.
    """
    return await use_cases.receive_feedback(desk, meeting_id, facts)


@recorders.patch(
    "/{meeting_id}/feedback/{feedback_id}",
    responses=problems(409, 412, 428),
    openapi_extra=example(request=examples.AMEND_FEEDBACK),
)
async def amend_feedback(meeting_id: Ref, feedback_id: Ref, patch: Annotated[Patch, PatchOf(FeedbackAmending)], desk: AtDesk) -> Feedback:
    """Put right what was thought and how confident they were, by a JSON merge patch (RFC 7396).

    Words that are replaced are gone for good, with the key that they were sealed with.
    """
    return await use_cases.amend_feedback(desk, meeting_id, feedback_id, patch)


@readers.get("/{meeting_id}/feedback/{feedback_id}", openapi_extra=example(answer=examples.one_feedback()))
async def read_feedback(meeting_id: Ref, feedback_id: Ref, desk: AtDesk) -> Feedback:
    """Read one feedback where it is owned: its newest version at once, with the `ETag` that a change needs."""
    return await use_cases.read_feedback(desk, meeting_id, feedback_id)


@readers.get("/{meeting_id}/feedback", openapi_extra=example(answer=examples.feedback()))
async def list_feedback(meeting_id: Ref, desk: AtDesk, cursor: After = None, limit: Limit = 50) -> Page[Feedback]:
    """Read the feedback on a meeting, in the order in which it came. `next` is the `cursor` of the page behind, or null."""
    return await use_cases.list_feedback(desk, meeting_id, cursor, limit)
