"""The table of operations agrees with the registry of events, and with the life cycles that are documented."""

import pytest

from contracts.event import EVENTS
from contracts.operations import ERASED, NONE, OPERATIONS, RECORDED, STATUSES, By, row_of
from contracts.vocabulary import ActionStatus, ConcernStatus, MeetingStatus, Resolution
from tests.contracts.states import MODELS

ROWS = {row.type.split(".")[1]: row for row in OPERATIONS}


def test_every_event_has_exactly_one_row() -> None:
    assert sorted(row.type for row in OPERATIONS) == sorted(EVENTS)
    assert all(row_of(event_type).event is event for event_type, event in EVENTS.items())


def test_an_unknown_event_has_no_row() -> None:
    with pytest.raises(KeyError):
        row_of("engagement.concern-sung.v1")


def test_every_status_of_a_row_is_one_of_its_aggregate() -> None:
    for row in OPERATIONS:
        assert set(row.before) <= {NONE, *STATUSES[row.event.model]}
        assert set(row.after) <= {ERASED, *STATUSES[row.event.model]}
        assert row.after


def test_every_aggregate_begins_and_each_can_be_erased_by_an_operator() -> None:
    for model in MODELS:
        rows = [row for row in OPERATIONS if row.event.model is model]
        assert any(row.creates for row in rows)
        assert [(row.by, row.before) for row in rows if row.after == (ERASED,)] == [(By.OPERATOR, STATUSES[model])]


def test_every_status_can_be_reached() -> None:
    for model in MODELS:
        reached = {status for row in OPERATIONS if row.event.model is model for status in row.after}
        assert reached == {ERASED, *STATUSES[model]}


def test_clocks_find_what_they_find_and_leave_the_status() -> None:
    clocks = {name: row for name, row in ROWS.items() if row.by is By.CLOCK}

    assert clocks.keys() == {
        "organisation-contact-lapsed",
        "meeting-due-soon",
        "concern-response-overdue",
        "action-due-soon",
        "action-overdue",
    }
    assert all(row.keeps for row in clocks.values())


def test_each_service_owns_its_events() -> None:
    owned = {name.split("-")[0]: row.service for name, row in ROWS.items()}

    assert owned == {
        **dict.fromkeys(("organisation", "neighbourhood", "meeting", "feedback"), "meetings"),
        **dict.fromkeys(("concern", "action"), "concerns"),
    }


@pytest.mark.parametrize(
    ("event", "operation", "after"),
    [
        ("concern-responded", "respond", {ConcernStatus.UNDER_REVIEW}),
        ("concern-progressed", "progress", {ConcernStatus.IN_PROGRESS}),
        ("concern-closed", "close", set(Resolution)),
        ("concern-reopened", "reopen", {ConcernStatus.RAISED}),
        ("action-reopened", "reopen", {ActionStatus.OPEN}),
        ("action-closed", "close", {ActionStatus.CLOSED}),
        ("meeting-postponed", "postpone", {MeetingStatus.POSTPONED}),
        ("meeting-cancelled", "cancel", {MeetingStatus.CANCELLED}),
        ("meeting-held", "hold", {MeetingStatus.HELD}),
    ],
)
def test_operations_lead_where_the_wire_says(event: str, operation: str, after: set[str]) -> None:
    assert (ROWS[event].name, set(ROWS[event].after)) == (operation, after)


def test_a_date_for_a_postponed_meeting_schedules_it_again() -> None:
    assert ROWS["meeting-amended"].allows("postponed", "scheduled")


@pytest.mark.parametrize("event", ["meeting-held", "action-closed"])
def test_what_is_recorded_in_a_later_state_begins_with_that_event(event: str) -> None:
    assert ROWS[event].creates
    assert ROWS[event].allows(None, ROWS[event].after[0])


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        ("meeting-held", "cancelled", "held"),
        ("meeting-held", "held", "held"),
        ("concern-closed", "resolved", "withdrawn"),
        ("concern-reopened", "raised", "raised"),
        ("concern-published", "raised", "resolved"),
        ("concern-responded", None, "under_review"),
        ("action-closed", "closed", "closed"),
        ("organisation-merged", "merged", "merged"),
    ],
)
def test_what_the_life_cycle_forbids_is_not_allowed(event: str, before: str | None, after: str) -> None:
    assert not ROWS[event].allows(before, after)


def test_publishing_stands_apart_from_the_status() -> None:
    for name in ("concern-published", "concern-unpublished", "action-published", "action-unpublished"):
        assert ROWS[name].keeps
        assert ROWS[name].before == STATUSES[ROWS[name].event.model]


def test_an_aggregate_without_a_life_cycle_is_simply_there() -> None:
    assert {model.__name__ for model in MODELS if "status" not in model.model_fields} == {"Feedback", "Neighbourhood"}
    assert all(STATUSES[model] == (RECORDED,) for model in MODELS if "status" not in model.model_fields)
