"""Threads: how far a concern has come, what it needs, and the one sentence that says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.dates import instant
from readmodel.dashboard import digest
from readmodel.dashboard.history import steps
from readmodel.dashboard.stations import Answer, Standing, closing, first_response, promise
from readmodel.dashboard.threads import Need, Thread, groups, threads

NOW = datetime(2025, 6, 18, 13, 20, 7, tzinfo=UTC)
RAISED = datetime(2025, 5, 6, 12, 40, tzinfo=UTC)
DUE = instant(RAISED + timedelta(hours=72))


def _concern(name: str = "c", *actions: str, **facts: Any) -> dict[str, Any]:
    return {"id": name, "status": "raised", "category": "drugs", "actions": list(actions)} | facts


def _action(name: str = "a", **facts: Any) -> dict[str, Any]:
    return {"id": name, "status": "open", "owner_role": "Chief Constable", "commitment": "patrol", "standing": True} | facts


def _closed(name: str = "a", outcome: str = "completed") -> dict[str, Any]:
    return _action(name, status="closed", outcome=outcome, closed_at=instant(NOW))


def _threads(*concerns: dict[str, Any], actions: list[dict[str, Any]] | None = None) -> list[Thread]:
    return threads(concerns, actions or [], NOW)


@pytest.mark.parametrize(
    ("facts", "answer", "headline", "note"),
    [
        ({"response_due": DUE, "responded_at": instant(RAISED + timedelta(hours=45))}, Answer.IN_TIME, "8 May", "after 45 hours"),
        ({"response_due": DUE, "responded_at": instant(RAISED + timedelta(hours=83))}, Answer.LATE, "10 May", "after 83 hours"),
        ({"response_due": DUE}, Answer.OVERDUE, "40 days overdue", "No response recorded"),
        ({"response_due": instant(NOW + timedelta(hours=1))}, Answer.DUE, "Not yet", "due by 15:20 on 18 June 2025"),
        ({"response_due": None, "responded_at": instant(RAISED)}, Answer.GIVEN, "6 May", ""),
        ({"response_due": None, "recorded_late": True}, Answer.NONE, "None recorded", ""),
        ({"response_due": DUE, "status": "resolved"}, Answer.NONE, "None recorded", ""),
    ],
)
def test_a_first_response_is_told_with_its_clock(facts: dict[str, Any], answer: Answer, headline: str, note: str) -> None:
    told = first_response(_concern(**facts), NOW)
    assert (told.answer, told.headline, told.note) == (answer, headline, note)


@pytest.mark.parametrize(
    ("action", "standing", "headline", "due"),
    [
        (_action(due_on="2025-06-06", standing=False), Standing.OVERDUE, "12 days overdue", "due 6 June"),
        (_action(due_on="2025-06-18", standing=False), Standing.OPEN, "Open, due today", "due 18 June"),
        (_action(due_on="2025-12-31", standing=False), Standing.OPEN, "Open, 6 months left", "due 31 December"),
        (_action(), Standing.OPEN, "Open, standing", "standing commitment, no due date"),
        (_closed(), Standing.KEPT, "Completed 18 June", "standing commitment, no due date"),
        (_closed(outcome="not_feasible"), Standing.ENDED, "Not feasible 18 June", "standing commitment, no due date"),
        (_closed() | {"recorded_late": True}, Standing.KEPT, "Completed", "standing commitment, no due date"),
        ({"id": "a", "status": "closed", "sensitive": True, "due_on": None}, Standing.ENDED, "Closed", "standing commitment, no due date"),
    ],
)
def test_a_promise_is_told_as_it_stands(action: dict[str, Any], standing: Standing, headline: str, due: str) -> None:
    told = promise(action, NOW)
    assert (told.standing, told.headline, told.due) == (standing, headline, due)


def test_a_promise_whose_words_are_sealed_is_told_in_its_published_words() -> None:
    sealed = {key: value for key, value in _action().items() if key != "commitment"}
    assert promise(sealed, NOW).text is None
    assert promise(sealed | {"publication": {"we_promised": "patrol at night"}}, NOW).text == "patrol at night"


@pytest.mark.parametrize(
    ("concern", "actions", "need"),
    [
        (_concern(), [], Need.NOTHING),
        (_concern("c", "a"), [_action()], Need.IN_HAND),
        (_concern("c", "a", "b"), [_closed("a"), _action("b", due_on="2025-06-17")], Need.OVERDUE),
        (_concern("c", "a", "b"), [_closed("a"), _closed("b", "superseded")], Need.KEPT),
        (_concern("c", "a"), [_closed("a", "withdrawn")], Need.ENDED),
        (_concern(status="resolved"), [], Need.KEPT),
        (_concern(status="referred"), [], Need.ENDED),
    ],
)
def test_a_thread_stands_where_its_need_is_greatest(concern: dict[str, Any], actions: list[dict[str, Any]], need: Need) -> None:
    assert _threads(concern, actions=actions)[0].need is need


def test_a_line_runs_as_far_as_the_concern_has_come() -> None:
    bare, answered, promised, done = _threads(
        _concern("1"), _concern("2", responded_at=instant(NOW), response_due=instant(NOW)), _concern("3", "a"), _concern("4", "b"),
        actions=[_action("a"), _closed("b")],
    )  # fmt: skip
    assert bare.marks.said == "l-off"
    assert (answered.marks.said, answered.marks.response) == ("l-on", "n-done l-off")
    assert (promised.marks.response, promised.marks.promised, promised.marks.did) == ("n-none l-on", "n-open l-off", "n-none l-end")
    assert (done.marks.promised, done.marks.did) == ("n-done l-on", "n-done l-end")
    assert _threads(_concern(status="resolved"))[0].marks.promised == "n-none l-on"


def test_concerns_with_the_same_promise_stand_together_and_share_its_cells() -> None:
    found = _threads(_concern("1", "a"), _concern("2", "b"), _concern("3", "a", category="burglary"), actions=[_action("a"), _action("b")])
    (group,) = groups(found)
    assert [(row.thread.id, row.span, row.twin) for row in group.rows] == [("1", 2, None), ("3", 0, "Drugs"), ("2", 1, None)]
    assert group.heading == "2 promises in hand"


def test_a_sealed_concern_tells_its_dates_and_nothing_of_what_it_is_about() -> None:
    sealed = {"id": "c", "status": "raised", "sensitive": True, "actions": [], "response_due": DUE}
    (thread,) = _threads(sealed)
    assert (thread.title, thread.about, thread.said, thread.sealed) == ("Sealed concern", "", None, True)
    assert thread.response.headline == "40 days overdue"


def test_an_erased_concern_has_a_thread() -> None:
    (thread,) = _threads({"id": "c", "version": 3, "erased_at": instant(NOW), "actions": []})
    assert thread.title == "Erased concern"


def test_how_a_concern_ended_names_the_body_that_decided() -> None:
    ended = _concern(status="referred", closed_at=instant(NOW), decided_by="council")
    assert (closing(ended, NOW), closing(_concern(), NOW)) == ("Referred 18 June, decided by: council", None)


def test_the_sentence_says_the_worst_first_and_then_what_is_well() -> None:
    found = _threads(
        _concern("1", "a"), _concern("2"), _concern("3", "b"), _concern("4", response_due=DUE),
        actions=[_action("a", due_on="2025-06-06"), _closed("b")],
    )  # fmt: skip
    told = digest.takeaway(found, 43)
    assert told.strong == "Six weeks on, one promise is overdue,"
    assert told.rest == (
        "one concern is still without a first response after 72 hours, two of four concerns have nothing promised and one promise is kept."
    )


@pytest.mark.parametrize(
    ("concerns", "days", "said"),
    [
        ([], 43, "No concern was recorded of this meeting."),
        ([_concern()], None, "The one concern has nothing promised."),
        ([_concern(), _concern()], 3, "Both concerns have nothing promised."),
        ([_concern(status="referred")], None, "The one concern is closed."),
    ],
)
def test_a_sentence_stands_alone_when_there_is_one_thing_to_say(concerns: list[dict[str, Any]], days: int | None, said: str) -> None:
    told = digest.takeaway(_threads(*concerns), days)
    assert (told.strong, told.rest) == (said, "")


def test_the_header_adds_up_to_the_rows() -> None:
    found = _threads(
        _concern("1", "a", response_due=DUE, responded_at=DUE),
        _concern("2", response_due=DUE),
        _concern("3", recorded_late=True),
        actions=[_closed()],
    )
    said, response, promised, did = digest.columns(found)
    assert [(each.full, each.owed, each.empty) for each in (said, response, promised, did)] == [(3, 0, 0), (1, 1, 1), (1, 0, 2), (1, 0, 2)]
    assert [each.headline for each in (said, response, promised, did)] == [
        "3 concerns",
        "1 of 2 in time",
        "1 of 3 have a promise",
        "1 of 3 done",
    ]
    assert digest.columns(_threads(_concern()))[1].headline == "none recorded"


def test_who_is_late_is_named_first_among_those_who_owe() -> None:
    actions = [
        _action("a"),
        _action("b"),
        _action("c", owner_role="Council", due_on="2025-06-01"),
        _closed("d"),
        {"id": "e", "status": "open"},
    ]
    told = digest.debtors([promise(action, NOW) for action in actions])
    assert [(each.office, each.owed, each.overdue, each.kept) for each in told] == [
        ("Council", 1, 1, 0),
        ("Chief Constable", 2, 0, 1),
        ("an office that is not shown", 1, 0, 0),
    ]


def test_steps_of_one_kind_in_one_minute_are_told_as_one() -> None:
    raised = [
        {
            "time": f"2025-05-06T12:40:0{each}.000Z",
            "type": "engagement.concern-raised.v1",
            "collection": "concerns",
            "subject": str(each),
            "version": 1,
        }
        for each in range(3)
    ]
    late = {
        "time": "2025-06-06T23:00:00.000Z",
        "type": "engagement.action-overdue.v1",
        "collection": "actions",
        "subject": "a",
        "version": 3,
    }
    told = steps([*raised, late], {"a": "patrol", "0": "drugs"})
    assert [(step.at, step.what, step.version, step.owed) for step in told] == [
        ("7 June 2025, 00:00", "Action overdue: patrol", "action v3", True),
        ("6 May 2025, 13:40", "Concern raised, 3 times", "concern v1", False),
    ]
