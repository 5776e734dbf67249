"""Operations on actions: promised, kept or not, and published in approved words."""

from typing import Annotated

from chassis.desk import AtDesk
from chassis.documents import example
from chassis.problems import problems
from chassis.routers import Ref, publishing, reading, recording
from concerns import use_cases
from concerns.api import examples
from contracts.action import Action, ActionAmending, ActionClosing, ActionOpening, WePromisedWords
from contracts.concern import Reopening
from contracts.entry import Entry, Patch, PatchOf

recorders = recording("actions")
publishers = publishing("actions")
readers = reading("actions")


@recorders.post("", status_code=201, openapi_extra=example(request=examples.OPEN_ACTION))
async def open_action(wish: Entry[ActionOpening], desk: AtDesk) -> Action:
    """Record what an office promised: due on a day or standing, in answer to concerns of the force or to none.

    The owner is an office ("Chief Constable"), never a person. An action is sensitive while a concern that it answers is. With
    `"status": "closed"` and an `outcome` it is recorded as done already, and announced as `action-closed` alone. A `due_on` in the
    past is taken as it is: the action is overdue. Without a day it stands for good (`standing: true`).
    """
    return await use_cases.open_action(desk, wish)


@recorders.patch("/{action_id}", responses=problems(409, 412, 428), openapi_extra=example(request=examples.AMEND_ACTION))
async def amend_action(action_id: Ref, patch: Annotated[Patch, PatchOf(ActionAmending)], desk: AtDesk) -> Action:
    """Put an action's facts right, by a JSON merge patch (RFC 7396), in whatever status it is.

    Other `answers` make it as sensitive as those concerns, and unpublish it when one of them is. Another `due_on` starts its reminders
    afresh. `recorded_late` stays as it was said first. Answers that make it ordinary again take the role `sensitive_reader` as
    well. `outcome_note` and `reason` are put right once they were said; before that: 409. Of a sensitive
    action, `outcome_note` is put right by a `sensitive_reader` alone.
    """
    return await use_cases.amend_action(desk, action_id, patch)


@recorders.post("/{action_id}/close", responses=problems(409, 412, 428), openapi_extra=example(request=examples.CLOSE_ACTION))
async def close_action(action_id: Ref, wish: Entry[ActionClosing], desk: AtDesk) -> Action:
    """Close an action with its outcome: completed, partially_completed, not_feasible … A closed one: 409."""
    return await use_cases.close_action(desk, action_id, wish)


@recorders.post("/{action_id}/reopen", responses=problems(409, 412, 428), openapi_extra=example(request=examples.REOPEN_ACTION))
async def reopen_action(action_id: Ref, wish: Entry[Reopening], desk: AtDesk) -> Action:
    """Take a closed action up again; its outcome stays in its history. An open one: 409.

    `we_did` is published no more, for it is no longer so; `we_promised` stays published.
    """
    return await use_cases.reopen_action(desk, action_id, wish)


@publishers.post("/{action_id}/publish", responses=problems(409, 412, 428), openapi_extra=example(request=examples.PUBLISH_ACTION))
async def publish_action(action_id: Ref, wish: Entry[WePromisedWords], desk: AtDesk) -> Action:
    """Publish what was promised, what was done, or both, in words approved for the public.

    Of the two, the one that is not given stays as it was published. `we_did` of an open action, or anything of a sensitive one: 409.
    """
    return await use_cases.publish_action(desk, action_id, wish)


@publishers.post("/{action_id}/unpublish", responses=problems(409, 412, 428), openapi_extra=example(answer=examples.action()))
async def unpublish_action(action_id: Ref, desk: AtDesk) -> Action:
    """Take back what was published; the words stay in the log of events. When nothing is published: 409."""
    return await use_cases.unpublish_action(desk, action_id)


@readers.get("/{action_id}", openapi_extra=example(answer=examples.action()))
async def read_action(action_id: Ref, desk: AtDesk) -> Action:
    """Read an action where it is owned: its newest version at once, with the `ETag` that a change needs."""
    return await desk.show(Action, action_id)
