"""The steps of an action, each as short as a test wants it."""

from datetime import timedelta
from typing import Any

import pytest

from concerns import domain
from concerns.domain.refusals import (
    ConcernsError,
)
from contracts.action import Action, ActionAmending, ActionClosing, ActionOpening, WePromisedWords
from contracts.concern import Concern, Reopening
from contracts.entry import Entering, Patch
from tests.builders import NOW, new_id

LATER = NOW + timedelta(days=3)


def entered(**wish: Any) -> ActionOpening:
    facts = {"owner_role": "Chief Constable", "commitment": "build better lines of communication", "due_on": "2025-06-30"}
    return ActionOpening.model_validate(facts | wish, context=Entering())


def opening(*answered: Concern, **wish: Any) -> Any:
    wish = {"answers": [each.id for each in answered]} | wish
    return domain.open_action(new_id(), "kent", entered(**wish), {each.id: each for each in answered}, NOW)


def opened(*answered: Concern, **wish: Any) -> Action:
    state: Action = opening(*answered, **wish).state
    return state


def closed(action: Action | None = None) -> Action:
    return domain.close_action(action or opened(), ActionClosing(outcome="completed", outcome_note="done in June"), LATER).state


def reopened(action: Action | None = None) -> Action:
    return domain.reopen_action(action or closed(), Reopening(reason="it stopped in August"), LATER).state


def amended(action: Action, *answered: Concern, **changes: Any) -> Action:
    return domain.amend_action(action, Patch(ActionAmending, changes), {each.id: each for each in answered}).state


def published(action: Action, **words: str) -> Action:
    return domain.publish_action(action, WePromisedWords(**words), LATER).state


def erased(one: Concern) -> Concern:
    return Concern(id=one.id, force=one.force, version=one.version + 1, erased_at=NOW)


def refusal(error: type[ConcernsError], pointer: str | None = None) -> Any:
    return pytest.raises(error, check=lambda refused: refused.pointer == pointer)
