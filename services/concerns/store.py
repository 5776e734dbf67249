"""How the concerns service keeps and finds its aggregates: collections, indexes, and the look-ups that its rules rest on."""

from collections.abc import Collection
from typing import Final

from chassis.desk import Desk, indexes
from chassis.recording import stored_id
from chassis.runtime import Runtime
from contracts.action import Action
from contracts.concern import Concern
from contracts.state import State

AGGREGATES: Final[tuple[type[State], ...]] = (Concern, Action)


async def setup(runtime: Runtime) -> None:
    """Make sure that collections and indexes are there."""
    await indexes(runtime, AGGREGATES)
    actions = runtime.mongo.collection(runtime.name, Action.collection)
    await actions.create_index([("force", 1), ("answers", 1)], name="answers")


async def answered(desk: Desk, ids: Collection[str]) -> dict[str, Concern]:
    """The concerns of these ids, as far as the force has them, on whose sensitivity a decision is about to rest.

    Each is fenced before it is read: when its sensitivity changes meanwhile, the decision is taken again.
    """
    for concern_id in sorted(set(ids)):
        await desk.fence(concern_id, shared=True)
    found = await desk.find(Concern, {"_id": {"$in": [stored_id(desk.force, concern_id) for concern_id in ids]}}) if ids else []
    return {concern.id: concern for concern in found}


async def answering(desk: Desk, concern: Concern) -> list[Action]:
    """The actions that answer a concern."""
    return await desk.find(Action, {"answers": concern.id})
