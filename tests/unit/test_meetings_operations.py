"""The table of operations, held against the rules of the meetings service: each row, from every status."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.entry import Patch
from contracts.event import Event
from contracts.events import (
    FeedbackAmended,
    FeedbackReceived,
    MeetingAmended,
    MeetingCancelled,
    MeetingHeld,
    MeetingPostponed,
    MeetingScheduled,
    NeighbourhoodAmended,
    NeighbourhoodRegistered,
    OrganisationAmended,
    OrganisationMerged,
    OrganisationRegistered,
)
from contracts.meeting import (
    Cancelling,
    Feedback,
    FeedbackAmending,
    FeedbackFacts,
    Holding,
    Meeting,
    MeetingFacts,
    MeetingRecording,
    Postponing,
)
from contracts.operations import OPERATIONS, RECORDED, STATUSES, By, Operation
from contracts.places import Merging, Neighbourhood, NeighbourhoodFacts, Organisation, OrganisationFacts
from contracts.state import State
from meetings import domain
from meetings.api import REFUSALS
from tests.builders import NOW, new_id

MOSQUES = Organisation(id=new_id(), force="kent", version=1, name="Kettering Muslim Association")
PLANNED = {"kind": "round_table", "title": "Round table"}

BEGINNINGS: dict[type[Event[Any]], Callable[[], Event[Any]]] = {
    OrganisationRegistered: lambda: domain.register_organisation(new_id(), "kent", OrganisationFacts(name="Mosque"), NOW),
    NeighbourhoodRegistered: lambda: domain.register_neighbourhood(new_id(), "kent", NeighbourhoodFacts(name="Town"), NOW),
    MeetingScheduled: lambda: domain.record_meeting(new_id(), "kent", MeetingRecording(**PLANNED), NOW),
    MeetingHeld: lambda: domain.record_meeting(new_id(), "kent", MeetingRecording(**PLANNED, status="held"), NOW),
    FeedbackReceived: lambda: domain.receive_feedback(new_id(), meeting("held"), FeedbackFacts(gist="good"), NOW),
}
"""How an aggregate begins."""

CHANGES: dict[type[Event[Any]], Callable[[Any], Event[Any]]] = {
    OrganisationAmended: lambda it: domain.amend_organisation(it, Patch(OrganisationFacts, {"name": "Other"})),
    OrganisationMerged: lambda it: domain.merge_organisation(it, Merging(merged_into=MOSQUES.id), MOSQUES, NOW),
    NeighbourhoodAmended: lambda it: domain.amend_neighbourhood(it, Patch(NeighbourhoodFacts, {"name": "Other"})),
    MeetingHeld: lambda it: domain.hold_meeting(it, Holding(), NOW),
    MeetingAmended: lambda it: domain.amend_meeting(it, Patch(MeetingFacts, {"title": "Other"}), NOW),
    FeedbackAmended: lambda it: domain.amend_feedback(it, Patch(FeedbackAmending, {"gist": "better"})),
    MeetingPostponed: lambda it: domain.postpone_meeting(it, Postponing(), NOW),
    MeetingCancelled: lambda it: domain.cancel_meeting(it, Cancelling(reason="rain"), NOW),
}
"""How an aggregate goes on."""

ROWS = [row for row in OPERATIONS if row.service == "meetings" and row.by is By.REQUEST]


def meeting(status: str) -> Meeting:
    """A meeting at a status."""
    return Meeting(id=new_id(), force="kent", version=3, status=status, **PLANNED)


def standing_at(row: Operation, status: str) -> State:
    """An aggregate at a status, of which only the status can be in the way."""
    if row.event.model is Meeting:
        return meeting(status)
    if row.event.model is Organisation:
        return Organisation(id=new_id(), force="kent", version=3, status=status, name="Mosque")
    if row.event.model is Feedback:
        return Feedback(id=new_id(), force="kent", version=3, gist="good")
    return Neighbourhood(id=new_id(), force="kent", version=3, name="Town")


def status_of(state: State) -> str:
    """The status of an aggregate; of one without a life cycle, that it is there."""
    return str(getattr(state, "status", RECORDED))


def test_every_row_of_the_table_is_brought_about_by_some_rule() -> None:
    assert {row.event for row in ROWS} == BEGINNINGS.keys() | CHANGES.keys()
    assert {row.event for row in ROWS if row.creates} == BEGINNINGS.keys()


@pytest.mark.parametrize("row", [row for row in ROWS if row.creates], ids=lambda row: row.type)
def test_an_aggregate_begins_as_the_table_says(row: Operation) -> None:
    event = BEGINNINGS[row.event]()

    assert type(event) is row.event
    assert row.allows(None, status_of(event.state))
    assert event.state.version == 1


@pytest.mark.parametrize("row", [row for row in ROWS if row.event in CHANGES], ids=lambda row: row.type)
def test_an_operation_goes_on_from_the_statuses_of_the_table_and_is_refused_from_every_other(row: Operation) -> None:
    for status in STATUSES[row.event.model]:
        if status not in row.before:
            with pytest.raises(domain.MeetingsError):
                CHANGES[row.event](standing_at(row, status))
            continue
        event = CHANGES[row.event](standing_at(row, status))
        assert type(event) is row.event
        assert row.allows(status, status_of(event.state)), (status, status_of(event.state))
        assert event.state.version == 4


def test_every_refusal_becomes_a_problem_of_its_own() -> None:
    assert set(REFUSALS) == set(domain.MeetingsError.__subclasses__())
    assert len({slug for _, slug in REFUSALS.values()}) == len(REFUSALS)
    assert {status for status, _ in REFUSALS.values()} == {409, 422}
