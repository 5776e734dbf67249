"""What can be done with concerns and actions: load, decide, record."""

from chassis.desk import Desk
from concerns import domain, store
from contracts.action import Action, ActionClosing, ActionOpening, WePromisedWords
from contracts.concern import Concern, ConcernClosing, ConcernFacts, Progressing, Reopening, Responding, YouSaidWords
from contracts.entry import Patch
from contracts.events import ActionAmended


async def raise_concern(desk: Desk, facts: ConcernFacts) -> Concern:
    """Raise a concern."""
    domain.raised_in_time(facts.raised_on, desk.now())
    await desk.admit()
    return await desk.record(domain.raise_concern(desk.new_id(), desk.force, facts, desk.now()))


async def amend_concern(desk: Desk, concern_id: str, patch: Patch) -> Concern:
    """Amend a concern; the actions that answer it become sensitive, or ordinary again, in the same transaction."""
    domain.raised_in_time(patch.changes.get("raised_on"), desk.now())
    if patch.touches("sensitive"):
        await desk.fence(concern_id)
    concern = await desk.load(Concern, concern_id)
    if patch.touches("progress", "referred_to"):
        # They are put right only where they were said, which the status does not tell: a refusal would.
        desk.require_sight(concern)
    repeated = await _repeated(desk, patch.changes.get("duplicate_of"))
    amended = domain.amend_concern(concern, patch, repeated, desk.now())
    entailed = await _entailed(desk, concern, amended.state)
    return await desk.record(amended, *entailed, rekey=patch.touches("sensitive", *concern.sealed_names()))


async def respond_to_concern(desk: Desk, concern_id: str, wish: Responding) -> Concern:
    """Record the first response."""
    concern = await desk.load(Concern, concern_id)
    return await desk.record(domain.respond_to_concern(concern, wish, desk.now()))


async def progress_concern(desk: Desk, concern_id: str, wish: Progressing) -> Concern:
    """Record that work began, or went on."""
    concern = await desk.load(Concern, concern_id)
    return await desk.record(domain.progress_concern(concern, wish))


async def close_concern(desk: Desk, concern_id: str, wish: ConcernClosing) -> Concern:
    """Close a concern; the one that it repeats is looked up when it is a duplicate."""
    concern = await desk.load(Concern, concern_id)
    repeated = await _repeated(desk, wish.duplicate_of)
    return await desk.record(domain.close_concern(concern, wish, repeated, desk.now()))


async def reopen_concern(desk: Desk, concern_id: str, wish: Reopening) -> Concern:
    """Take a closed concern up again."""
    concern = await desk.load(Concern, concern_id)
    return await desk.record(domain.reopen_concern(concern, wish, desk.now()))


async def publish_concern(desk: Desk, concern_id: str, wish: YouSaidWords) -> Concern:
    """Publish what was said."""
    concern = await desk.load(Concern, concern_id)
    return await desk.record(domain.publish_concern(concern, wish, desk.now()))


async def unpublish_concern(desk: Desk, concern_id: str) -> Concern:
    """Take back what was published."""
    concern = await desk.load(Concern, concern_id)
    return await desk.record(domain.unpublish_concern(concern))


async def open_action(desk: Desk, wish: ActionOpening) -> Action:
    """Open an action, or record one that is closed already; it is as sensitive as the concerns that it answers."""
    await desk.admit()
    answered = await store.answered(desk, wish.answers)
    return await desk.record(domain.open_action(desk.new_id(), desk.force, wish, answered, desk.now()))


async def amend_action(desk: Desk, action_id: str, patch: Patch) -> Action:
    """Amend an action; when it answers other concerns, it is as sensitive as those."""
    action = await desk.load(Action, action_id)
    if patch.touches("outcome_note"):
        # It is put right only where there is one: a refusal would tell whether there is.
        desk.require_sight(action)
    answered = await store.answered(desk, patch.apply(action).get("answers", ()))
    amended = domain.amend_action(action, patch, answered)
    return await desk.record(amended, rekey=patch.touches("answers", *action.sealed_names()))


async def close_action(desk: Desk, action_id: str, wish: ActionClosing) -> Action:
    """Close an action with its outcome."""
    action = await desk.load(Action, action_id)
    return await desk.record(domain.close_action(action, wish, desk.now()))


async def reopen_action(desk: Desk, action_id: str, wish: Reopening) -> Action:
    """Take a closed action up again."""
    action = await desk.load(Action, action_id)
    return await desk.record(domain.reopen_action(action, wish, desk.now()))


async def publish_action(desk: Desk, action_id: str, wish: WePromisedWords) -> Action:
    """Publish what was promised or done."""
    action = await desk.load(Action, action_id)
    return await desk.record(domain.publish_action(action, wish, desk.now()))


async def unpublish_action(desk: Desk, action_id: str) -> Action:
    """Take back what was published."""
    action = await desk.load(Action, action_id)
    return await desk.record(domain.unpublish_action(action))


async def _repeated(desk: Desk, named: str | None) -> Concern | None:
    """The concern that another one repeats, as far as the force has it."""
    return await desk.read(Concern, named) if named else None


async def _entailed(desk: Desk, before: Concern, after: Concern) -> list[ActionAmended]:
    """What becomes of the actions that answer a concern whose sensitivity changes."""
    if before.sensitive == after.sensitive:
        return []
    actions = await store.answering(desk, after)
    others = {answered for action in actions for answered in action.answers} - {after.id}
    return domain.inherit(actions, after, await store.answered(desk, others))
