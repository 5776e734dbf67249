"""Whoever may not read what is sealed learns nothing of it by trying to change it."""

import pytest

from tests.services.callers import HELD, PATROLS, PROMISE, ROUND_TABLE, Caller, Record, refused

WHOLE = {"named": None, "organisations_total": 3, "heads_total": 5}


async def _sensitive(meetings: Caller, **facts: object) -> Record:
    return await meetings.made("/meetings", HELD | {"sensitive": True} | facts)


@pytest.mark.parametrize("total", [2, 11, 40])
async def test_no_guess_at_a_number_of_a_sensitive_meeting_is_answered(meetings: Caller, total: int) -> None:
    there = await _sensitive(meetings, attendance={"organisations_total": 11, "heads_total": 30})
    for guess in ({"organisations_total": total}, {"heads_total": total}, {}):
        answer = await meetings.patch(f"/meetings/{there['id']}", {"attendance": guess}, version=1)
        assert refused(answer) == (403, "role-missing", None)


async def test_numbers_of_a_sensitive_meeting_can_be_given_anew_by_whoever_does_not_see_them(meetings: Caller) -> None:
    there = await _sensitive(meetings, attendance={"organisations_total": 11})
    answer = await meetings.patch(f"/meetings/{there['id']}", {"attendance": WHOLE}, version=1)
    assert answer.status_code == 200
    reader = meetings.holding("recorder", "sensitive_reader")
    assert (await reader.seen(there))["attendance"] == WHOLE | {"named": []}


async def test_whoever_sees_them_changes_one_of_them(meetings: Caller) -> None:
    there = await _sensitive(meetings, attendance={"organisations_total": 11})
    reader = meetings.holding("recorder", "sensitive_reader")
    assert (await reader.amended(there, attendance={"heads_total": 30}))["attendance"]["organisations_total"] == 11


@pytest.mark.parametrize("said", [{}, {"reason": "repairs"}])
async def test_nobody_is_told_whether_a_reason_was_given_for_putting_a_sensitive_meeting_off(meetings: Caller, said: Record) -> None:
    planned = await meetings.made("/meetings", ROUND_TABLE | {"sensitive": True})
    put_off = await meetings.changed(planned, "postpone", said)
    answer = await meetings.patch(f"/meetings/{put_off['id']}", {"reason": "illness"}, version=2)
    assert refused(answer) == (403, "role-missing", None)


@pytest.mark.parametrize("said", [{}, {"outcome_note": "it was done"}])
async def test_nobody_is_told_whether_something_was_said_of_the_end_of_a_sensitive_action(concerns: Caller, said: Record) -> None:
    concern = await concerns.made("/concerns", PATROLS | {"sensitive": True})
    action = await concerns.made("/actions", PROMISE | {"answers": [concern["id"]]})
    await concerns.changed(action, "close", {"outcome": "completed"} | said)
    recorder = concerns.holding("recorder")
    answer = await recorder.patch(f"/actions/{action['id']}", {"outcome_note": "it was not"}, version=2)
    assert refused(answer) == (403, "role-missing", None)


@pytest.mark.parametrize("said", [{}, {"progress": "patrols were doubled"}])
async def test_nobody_is_told_whether_something_was_said_of_the_work_on_a_sensitive_concern(concerns: Caller, said: Record) -> None:
    concern = await concerns.made("/concerns", PATROLS | {"sensitive": True})
    await concerns.changed(concern, "progress", said)
    answer = await concerns.holding("recorder").patch(f"/concerns/{concern['id']}", {"progress": "they were not"}, version=2)
    assert refused(answer) == (403, "role-missing", None)
