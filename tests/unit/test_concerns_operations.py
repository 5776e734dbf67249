"""The table of operations, held against the rules of concerns and actions: each row, from every status."""

from collections.abc import Callable
from typing import Any

import pytest

from concerns import domain
from concerns.api import REFUSALS
from contracts.action import Action, ActionClosing, ActionFacts, ActionOpening, WePromised, WePromisedWords
from contracts.concern import Concern, ConcernClosing, ConcernFacts, Progressing, Reopening, Responding, YouSaid, YouSaidWords
from contracts.entry import Patch
from contracts.event import Event
from contracts.events import (
    ActionAmended,
    ActionClosed,
    ActionOpened,
    ActionPublished,
    ActionReopened,
    ActionUnpublished,
    ConcernAmended,
    ConcernClosed,
    ConcernProgressed,
    ConcernPublished,
    ConcernRaised,
    ConcernReopened,
    ConcernResponded,
    ConcernUnpublished,
)
from contracts.operations import OPERATIONS, STATUSES, By, Operation
from tests.builders import NOW, new_id

FACTS = ActionFacts(owner_role="Chief Constable", commitment="talk", standing=True)
RESOLVED = ConcernClosing(resolution="resolved", reason="done", decided_by="force")

BEGINNINGS: dict[type[Event[Any]], Callable[[], Event[Any]]] = {
    ConcernRaised: lambda: domain.raise_concern(new_id(), "kent", ConcernFacts(category="drugs"), NOW),
    ActionOpened: lambda: domain.open_action(new_id(), "kent", ActionOpening(**dict(FACTS)), {}, NOW),
    ActionClosed: lambda: domain.open_action(new_id(), "kent", ActionOpening(**dict(FACTS), status="closed", outcome="completed"), {}, NOW),
}
"""How an aggregate begins."""

CHANGES: dict[type[Event[Any]], Callable[[Any], Event[Any]]] = {
    ConcernResponded: lambda concern: domain.respond_to_concern(concern, Responding(response="we will"), NOW),
    ConcernProgressed: lambda concern: domain.progress_concern(concern, Progressing()),
    ConcernAmended: lambda concern: domain.amend_concern(concern, Patch(ConcernFacts, {"priority": "high"}), None, NOW),
    ConcernClosed: lambda concern: domain.close_concern(concern, RESOLVED, None, NOW),
    ConcernReopened: lambda concern: domain.reopen_concern(concern, Reopening(reason="again"), NOW),
    ConcernPublished: lambda concern: domain.publish_concern(concern, YouSaidWords(you_said="You said."), NOW),
    ConcernUnpublished: domain.unpublish_concern,
    ActionAmended: lambda action: domain.amend_action(action, Patch(ActionFacts, {"owner_role": "Superintendent"}), {}),
    ActionClosed: lambda action: domain.close_action(action, ActionClosing(outcome="completed"), NOW),
    ActionReopened: lambda action: domain.reopen_action(action, Reopening(reason="again"), NOW),
    ActionPublished: lambda action: domain.publish_action(action, WePromisedWords(we_promised="We will."), NOW),
    ActionUnpublished: domain.unpublish_action,
}
"""How an aggregate goes on."""

ROWS = [row for row in OPERATIONS if row.service == "concerns" and row.by is By.REQUEST]


def standing_at(row: Operation, status: str) -> Concern | Action:
    """An aggregate at a status, of which only the status can be in the way: something is published, no response was given."""
    frame = {"id": new_id(), "force": "kent", "version": 3, "status": status, "raised_at": NOW}
    if row.event.model is Concern:
        return Concern(**frame, category="drugs", publication=YouSaid(you_said="You said.", published_at=NOW))
    return Action(**frame, **dict(FACTS), publication=WePromised(we_promised="We will.", published_at=NOW))


def test_every_row_of_the_table_is_brought_about_by_some_rule() -> None:
    assert {row.event for row in ROWS} == BEGINNINGS.keys() | CHANGES.keys()
    assert {row.event for row in ROWS if row.creates} == BEGINNINGS.keys()


@pytest.mark.parametrize("row", [row for row in ROWS if row.creates], ids=lambda row: row.type)
def test_an_aggregate_begins_as_the_table_says(row: Operation) -> None:
    event = BEGINNINGS[row.event]()

    assert type(event) is row.event
    assert row.allows(None, event.state.status)
    assert event.state.version == 1


@pytest.mark.parametrize("row", [row for row in ROWS if row.event in CHANGES], ids=lambda row: row.type)
def test_an_operation_goes_on_from_the_statuses_of_the_table_and_is_refused_from_every_other(row: Operation) -> None:
    for status in STATUSES[row.event.model]:
        if status not in row.before:
            with pytest.raises(domain.ConcernsError):
                CHANGES[row.event](standing_at(row, status))
            continue
        event = CHANGES[row.event](standing_at(row, status))
        assert type(event) is row.event
        assert row.allows(status, event.state.status), (status, event.state.status)
        assert event.state.version == 4


def test_every_refusal_becomes_a_problem_of_its_own() -> None:
    assert set(REFUSALS) == set(domain.ConcernsError.__subclasses__())
    assert len({slug for _, slug in REFUSALS.values()}) == len(REFUSALS)
    assert {status for status, _ in REFUSALS.values()} == {409, 422}
