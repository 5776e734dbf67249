"""The rules of an action: promised, kept or not, published, and sensitive exactly while a concern that it answers is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from concerns.domain.amending import refuse_unsaid
from concerns.domain.refusals import (
    AlreadyClosedError,
    ErasedError,
    NoSuchConcernError,
    NotClosedError,
    NotDoneYetError,
    NotPublishedError,
    RecordedLateError,
    SensitiveError,
)
from contracts.action import Action, ActionClosing, ActionOpening, WePromised, WePromisedWords
from contracts.concern import Concern, Reopening
from contracts.entry import Patch
from contracts.events import ActionAmended, ActionClosed, ActionOpened, ActionPublished, ActionReopened, ActionUnpublished
from contracts.vocabulary import ActionStatus

Concerns = Mapping[str, Concern]
"""Concerns of the action's own force, by id."""


def open_action(subject: str, force: str, wish: ActionOpening, answered: Concerns, now: datetime) -> ActionOpened | ActionClosed:
    """Record what an office promised, or what was done already: then `action-closed` is its first version.

    A day in the past is allowed: a promise that is overdue when it is recorded is overdue.

    Args:
        subject: the new action's id.
        force: the force that records it.
        wish: what was promised, and what came of it when that is known.
        answered: the concerns that `wish.answers` names, as far as the force has them.
        now: this instant.

    Raises:
        NoSuchConcernError: with a pointer into `answers`.
    """
    _check_answers(wish.answers, answered)
    action = _under(Action.begin(wish, id=subject, force=force, opened_at=now), answered.values())
    return ActionClosed(action.model_copy(update={"closed_at": now})) if action.is_closed else ActionOpened(action)


def amend_action(action: Action, patch: Patch, answered: Concerns) -> ActionAmended:
    """Put an action's facts right, in whatever status it is, and what was said of its end. Another due day starts its reminders afresh.

    Args:
        action: the action.
        patch: what changes.
        answered: the concerns that the action answers afterwards; looked at only when the patch touches `answers`.
    """
    _must_stand(action)
    refuse_unsaid(action, patch, ("outcome_note", "reason"))
    after = action.next(**patch.apply(action))
    if after.recorded_late != action.recorded_late:
        raise RecordedLateError(pointer="#/recorded_late")
    if after.due_on != action.due_on:
        after = after.model_copy(update={"due_soon_at": None, "overdue_at": None})
    return ActionAmended(_answering(action, after, answered) if patch.touches("answers") else after)


def close_action(action: Action, wish: ActionClosing, now: datetime) -> ActionClosed:
    """End an action with its outcome."""
    _must_stand(action)
    if action.is_closed:
        raise AlreadyClosedError
    return ActionClosed(action.entered(wish, status=ActionStatus.CLOSED, closed_at=now))


def reopen_action(action: Action, wish: Reopening, now: datetime) -> ActionReopened:
    """Take a closed action up again. How it ended stays in its history; that it was done is published no more, for it is not."""
    _must_stand(action)
    if not action.is_closed:
        raise NotClosedError
    ending = dict.fromkeys(("outcome", "outcome_note", "closed_at"))
    kept = _promise_of(action.publication)
    return ActionReopened(action.entered(wish, status=ActionStatus.OPEN, reopened_at=now, publication=kept, **ending))


def publish_action(action: Action, wish: WePromisedWords, now: datetime) -> ActionPublished:
    """Publish what was promised or done, in approved words. Of the two, what is not given stays as it was published."""
    _must_stand(action)
    if action.sensitive:
        raise SensitiveError
    if wish.we_did is not None and not action.is_closed:
        raise NotDoneYetError(pointer="#/we_did")
    words: dict[str, Any] = {name: word for name in WePromisedWords.model_fields if (word := getattr(wish, name)) is not None}
    before = action.publication or WePromised()
    return ActionPublished(action.next(publication=before.model_copy(update={**words, "published_at": now})))


def unpublish_action(action: Action) -> ActionUnpublished:
    """Take back what was published. The words stay in the history of events."""
    _must_stand(action)
    if action.publication is None:
        raise NotPublishedError
    return ActionUnpublished(action.next(publication=None))


def inherit(actions: Sequence[Action], concern: Concern, others: Concerns) -> list[ActionAmended]:
    """What a change of a concern's sensitivity entails: an amendment of each action that answers it and changes with it.

    Args:
        actions: those that answer the concern.
        concern: the concern as it will be.
        others: the other concerns that they answer; of no account when the concern becomes sensitive.
    """
    known = {**others, concern.id: concern}
    after = [_under(action.next(), (known[answered] for answered in action.answers if answered in known)) for action in actions]
    return [ActionAmended(new) for old, new in zip(actions, after, strict=True) if new.sensitive != old.sensitive]


def _promise_of(publication: WePromised | None) -> WePromised | None:
    """What stays published of an action that is open again: its promise, if that was published."""
    if publication is None or publication.we_promised is None:
        return None
    return publication.model_copy(update={"we_did": None})


def _answering(before: Action, after: Action, answered: Concerns) -> Action:
    """The amended action under the concerns that it answers now; one that was erased since it was named may stay named."""
    _check_answers(after.answers, answered, named_before=before.answers)
    return _under(after, answered.values())


def _check_answers(answers: Sequence[str], concerns: Concerns, named_before: Collection[str] = ()) -> None:
    nameable = {concern.id for concern in concerns.values() if concern.erased_at is None or concern.id in named_before}
    for index, answered in enumerate(answers):
        if answered not in nameable:
            raise NoSuchConcernError(pointer=f"#/answers/{index}")


def _under(action: Action, concerns: Iterable[Concern]) -> Action:
    """The action, as sensitive as the concerns that it answers, and unpublished when it is.

    Of an erased concern nobody can tell any more that it was not sensitive: an action that was so under it stays so.
    """
    sensitive = any(concern.sensitive or (concern.erased_at is not None and action.sensitive) for concern in concerns)
    return action.model_copy(update={"sensitive": sensitive} | ({"publication": None} if sensitive else {}))


def _must_stand(action: Action) -> None:
    if action.erased_at is not None:
        raise ErasedError
