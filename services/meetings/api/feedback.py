"""Operations on feedback: what those who came thought of a meeting."""

from typing import Annotated

from fastapi import Query

from chassis.answers import Page
from chassis.desk import AtDesk
from chassis.documents import example
from chassis.problems import problems
from chassis.routers import ID_PATTERN, Ref, reading, recording
from contracts.entry import Entry
from contracts.meeting import Feedback, FeedbackFacts
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


@readers.get("/{meeting_id}/feedback", openapi_extra=example(answer=examples.feedback()))
async def list_feedback(meeting_id: Ref, desk: AtDesk, cursor: After = None, limit: Limit = 50) -> Page[Feedback]:
    """Read the feedback on a meeting, in the order in which it came. `next` is the `cursor` of the page behind, or null."""
    return await use_cases.list_feedback(desk, meeting_id, cursor, limit)
