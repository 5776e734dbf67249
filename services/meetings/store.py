"""How the meetings service keeps and finds its aggregates: collections, indexes, and the look-ups that its rules rest on."""

from collections.abc import Sequence
from typing import Final

from chassis.desk import Desk, indexes
from chassis.recording import stored_id
from chassis.runtime import Runtime
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from meetings.domain import Reference

AGGREGATES: Final[tuple[type[State], ...]] = (Organisation, Neighbourhood, Meeting, Feedback)


async def setup(runtime: Runtime) -> None:
    """Make sure that collections and indexes are there."""
    await indexes(runtime, AGGREGATES)
    neighbourhoods = runtime.mongo.collection(runtime.name, Neighbourhood.collection)
    has_code = {"code": {"$type": "string"}}
    await neighbourhoods.create_index([("force", 1), ("code", 1)], name="code", unique=True, partialFilterExpression=has_code)
    feedback = runtime.mongo.collection(runtime.name, Feedback.collection)
    await feedback.create_index([("force", 1), ("meeting_id", 1), ("_id", 1)], name="by_meeting")


async def standing(desk: Desk, wanted: Sequence[Reference]) -> set[tuple[type[State], str]]:
    """Which of the wanted references stand, by model and id: one look-up for each model that is named."""
    models = {reference.model for reference in wanted}
    named = {model: {reference.id for reference in wanted if reference.model is model} for model in models}
    return {(model, found) for model, ids in named.items() for found in await desk.standing(model, ids)}


async def holders(desk: Desk, neighbourhood: Neighbourhood) -> list[Neighbourhood]:
    """The neighbourhoods of the force that have this one's code; the unique index catches what slips in between."""
    return [] if neighbourhood.code is None else await desk.find(Neighbourhood, {"code": neighbourhood.code})


async def feedback_after(desk: Desk, meeting_id: str, after: str | None, limit: int) -> list[Feedback]:
    """A meeting's feedback in the order in which it came, behind one of them."""
    where = {"meeting_id": meeting_id} | ({} if after is None else {"_id": {"$gt": stored_id(desk.force, after)}})
    return await desk.find(Feedback, where, sort=[("_id", 1)], limit=limit)


async def feedback_unlike(desk: Desk, meeting: Meeting) -> list[Feedback]:
    """Feedback on a meeting that is sensitive while the meeting is not, or the other way round."""
    return await desk.find(Feedback, {"meeting_id": meeting.id, "sensitive": not meeting.sensitive, "erased_at": None})
