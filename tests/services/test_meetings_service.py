"""The meetings service over HTTP, on a real MongoDB."""

import asyncio

import pytest

from tests.builders import new_id
from tests.conftest import Place
from tests.services.callers import HELD, ROUND_TABLE, Caller, Record, done, refused


async def test_a_meeting_goes_from_its_plan_to_what_was_said_there(meetings: Caller) -> None:
    planned = await meetings.made("/meetings", ROUND_TABLE | {"starts_at": "2025-05-06T18:00:00Z", "ends_at": "2025-05-06T20:00:00Z"})
    put_off = await meetings.changed(planned, "postpone", {"reason": "repairs"})
    again = await meetings.amended(put_off, starts_at="2025-05-13T18:00:00Z")
    held = await meetings.changed(again, "hold", {"held_on": "2025-05-13", "minutes": "What was said."})
    amended = await meetings.amended(held, attendance={"organisations_total": 11})

    statuses = [record["status"] for record in (planned, put_off, again, held, amended)]
    assert statuses == ["scheduled", "postponed", "scheduled", "held", "held"]
    assert (put_off["starts_at"], held["held_from"], amended["minutes"]) == (None, "2025-05-13", "What was said.")
    assert await meetings.events(planned["id"]) == [
        "meeting-scheduled",
        "meeting-postponed",
        "meeting-amended",
        "meeting-held",
        "meeting-amended",
    ]


async def test_a_meeting_already_held_is_announced_as_held_alone(meetings: Caller) -> None:
    response = await meetings.post("/meetings", HELD)

    meeting = done(response, 201)
    assert response.headers["location"] == f"/v1/forces/{meetings.force}/meetings/{meeting['id']}"
    assert response.headers["etag"] == '"1"'
    assert response.headers["x-roundtable-version"] == f"{meeting['id']}@1"
    assert await meetings.events(meeting["id"]) == ["meeting-held"]


REFUSED: list[tuple[Record, str]] = [
    ({"kind": "tea_party"}, "#/kind"),
    ({"chair": "the Chief Constable"}, "#/chair"),
    ({"minutes": "write to imam@example.org"}, "#/minutes"),
    ({"notes": "call 01604 555 123"}, "#/notes"),
    ({"hosts": ["Chief Constable", "AB 12 34 56 C"]}, "#/hosts/1"),
    ({"title": "two\x07bells"}, "#/title"),
    ({"held_on": "6 May 2025"}, "#/held_on"),
    ({"held_on": "2025-02-30"}, "#/held_on"),
    ({"held_on": "2999-01"}, "#/held_on"),
    ({"attendance": {"heads_total": -1}}, "#/attendance/heads_total"),
    ({"attendance": {"named": [{"organisation_id": "0"}]}}, "#/attendance/named/0/organisation_id"),
    ({"ends_at": "2025-05-06T20:00:00Z"}, "#/ends_at"),
    ({"title": None}, "#/title"),
    ({"status": "cancelled"}, "#/status"),
]
"""What may not be entered of a meeting, and the field that is to blame."""


async def test_what_may_not_be_entered_is_pointed_at_and_not_stored(meetings: Caller) -> None:
    answers = [await meetings.post("/meetings", HELD | facts) for facts, _ in REFUSED]

    assert [(answer.status_code, refused(answer)[2]) for answer in answers] == [(422, pointer) for _, pointer in REFUSED]
    assert await meetings.stored("meetings").count({}) == await meetings.stored("outbox").count({}) == 0


@pytest.mark.parametrize(("ending", "body", "slug"), [("cancel", {"reason": "rain"}, "already-cancelled"), ("hold", {}, "already-held")])
async def test_what_is_over_cannot_be_held(meetings: Caller, ending: str, body: Record, slug: str) -> None:
    over = await meetings.changed(await meetings.made("/meetings", ROUND_TABLE), ending, body)

    response = await meetings.post(f"/meetings/{over['id']}/hold", {}, version=2)

    assert refused(response) == (409, slug, None)
    assert (await meetings.seen(over))["version"] == 2


async def test_a_change_needs_the_version_that_its_caller_saw(meetings: Caller) -> None:
    meeting = await meetings.made("/meetings", ROUND_TABLE)
    await meetings.amended(meeting, title="Another title")
    path = f"/meetings/{meeting['id']}/hold"

    assert refused(await meetings.post(path, {}))[0] == 428
    assert refused(await meetings.post(path, {}, version=1)) == (412, "stale-version", None)
    # What the caller saw is judged before what the operation would find, and behind what the body alone shows.
    assert refused(await meetings.post(path, {"held_on": "2999-01"}, version=1)) == (422, "in-the-future", "#/held_on")


JUDGED_ALONE: list[tuple[str, Record, str]] = [
    ("hold", {"held_on": "2999-01"}, "#/held_on"),
    ("hold", {"attendance": {"named": [{"organisation_id": new_id()}], "organisations_total": 0}}, "#/attendance/organisations_total"),
    ("postpone", {"ends_at": "2025-05-06T20:00:00Z"}, "#/ends_at"),
    ("", {"held_on": "2999-01"}, "#/held_on"),
    ("", {"venue": {"floor": 2}}, "#/venue/floor"),
    ("", {"title": {"text": "Group"}}, "#/title"),
    ("", {"starts_at": "2025-05-06T20:00:00Z", "ends_at": "2025-05-06T19:00:00Z"}, "#/ends_at"),
]
"""What the body alone shows to be wrong."""


@pytest.mark.parametrize("tag", [None, '"1"', '"2"'])
async def test_a_body_is_judged_before_the_key_the_version_and_the_status(meetings: Caller, tag: str | None) -> None:
    over = await meetings.changed(await meetings.made("/meetings", ROUND_TABLE), "cancel", {"reason": "rain"})

    for operation, body, pointer in JUDGED_ALONE:
        answer = await meetings.ask("POST" if operation else "PATCH", f"/meetings/{over['id']}/{operation}".rstrip("/"), body, tag)
        assert (answer.status_code, refused(answer)[2]) == (422, pointer)


@pytest.mark.parametrize("operation", ["hold", "postpone"])
async def test_what_may_be_empty_may_be_left_out(meetings: Caller, operation: str) -> None:
    meeting = await meetings.made("/meetings", ROUND_TABLE)

    assert done(await meetings.post(f"/meetings/{meeting['id']}/{operation}", version=1))["version"] == 2
    assert refused(await meetings.post(f"/meetings/{meeting['id']}/cancel", version=2))[0] == 422


@pytest.mark.parametrize("role", ["subscriber", "operator", "controller"])
async def test_everyone_with_a_grant_sees_what_is_clear(meetings: Caller, role: str) -> None:
    meeting = await meetings.made("/meetings", HELD | {"minutes": "What was said."})

    seen = await meetings.holding(role).seen(meeting)

    assert (seen["title"], "minutes" in seen) == (HELD["title"], False)


async def test_of_two_changes_of_one_version_one_is_made(meetings: Caller) -> None:
    meeting = await meetings.made("/meetings", ROUND_TABLE)

    answers = await asyncio.gather(*(meetings.patch(f"/meetings/{meeting['id']}", {"series": str(n)}, version=1) for n in range(6)))

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    assert await meetings.events(meeting["id"]) == ["meeting-scheduled", "meeting-amended"]


async def test_words_taken_out_are_gone_with_their_key(meetings: Caller) -> None:
    meeting = await meetings.made("/meetings", HELD | {"minutes": "What nobody should have written."})
    before = await meetings.stored("meetings").find_one({"id": meeting["id"]})
    retitled = await meetings.amended(meeting, title="Another title")
    same_key = await meetings.stored("meetings").find_one({"id": meeting["id"]})
    await meetings.amended(retitled, minutes="What was said.")
    after = await meetings.stored("meetings").find_one({"id": meeting["id"]})

    assert before is not None
    assert same_key is not None
    assert after is not None
    assert "nobody" not in str(before)
    assert before["sealed"]["kid"] == same_key["sealed"]["kid"] != after["sealed"]["kid"]
    await meetings.published_until(lambda: meetings.lost_key(before["sealed"]["kid"]))


async def test_each_sees_of_a_meeting_what_their_roles_open(meetings: Caller) -> None:
    meeting = await meetings.made("/meetings", HELD | {"minutes": "What was said."})

    assert (await meetings.holding("reader").seen(meeting))["minutes"] == "What was said."
    publisher = await meetings.holding("publisher").seen(meeting)
    assert "minutes" not in publisher
    assert publisher["title"] == HELD["title"]


async def test_who_may_not_learns_nothing(meetings: Caller, place: Place) -> None:
    meeting = await meetings.made("/meetings", HELD)
    stranger = meetings.holding("recorder", force=place.add_force())
    path = f"/meetings/{meeting['id']}"

    there, nowhere = await stranger.get(path, meetings.force), await stranger.get(f"/meetings/{new_id()}", meetings.force)
    assert (there.status_code, there.json()) == (404, nowhere.json())
    assert refused(await meetings.holding("reader").post("/meetings", HELD)) == (403, "role-missing", None)
    assert "title" in done(await meetings.holding("operator").get(path))
    assert (await meetings.client.get(f"/v1/forces/{meetings.force}{path}")).status_code == 401
