"""Whom and what a meeting names, and what is thought of it: the meetings service over HTTP, on a real MongoDB."""

import asyncio

import httpx2
import pytest

from chassis.desk import Desk
from contracts.places import Neighbourhood
from meetings import store
from tests.builders import new_id
from tests.conftest import Place
from tests.services.callers import HELD, ROUND_TABLE, Caller, done, organisation, refused


async def test_a_neighbourhoods_code_is_unique_within_its_force(meetings: Caller, place: Place) -> None:
    elsewhere = meetings.holding("recorder", force=place.add_force())
    await meetings.runtime.registry.refresh()
    town = {"code": "NN 07", "name": "Kettering town"}

    answers = await asyncio.gather(*(meetings.post("/neighbourhoods", town) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert refused(next(answer for answer in answers if answer.status_code == 409)) == (409, "code-taken", "#/code")
    assert (await elsewhere.made("/neighbourhoods", town))["version"] == 1
    other = await meetings.made("/neighbourhoods", {"name": "Elsewhere"})
    await meetings.made("/neighbourhoods", {"name": "A third one without a code"})
    assert refused(await meetings.patch(f"/neighbourhoods/{other['id']}", {"code": "NN 07"}, version=1))[1] == "code-taken"


async def test_a_neighbourhood_registered_twice_with_one_key_is_registered_once(meetings: Caller) -> None:
    town = {"code": "NN 07", "name": "Kettering town"}

    first, second = [await meetings.post("/neighbourhoods", town, key="once") for _ in range(2)]
    at_once = await asyncio.gather(*(meetings.post("/neighbourhoods", town | {"code": "NN 08"}, key="twice") for _ in range(3)))

    assert (first.status_code, first.json(), first.headers["location"]) == (201, second.json(), second.headers["location"])
    assert {answer.status_code for answer in at_once} == {201}
    assert len({answer.json()["id"] for answer in at_once}) == 1
    assert refused(await meetings.post("/neighbourhoods", town | {"name": "Other"}, key="once"))[1] == "idempotency-key-reused"
    assert await meetings.stored("neighbourhoods").count({}) == 2


async def test_a_repeat_is_not_told_that_the_code_it_took_itself_is_taken(meetings: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    town, holders, before = {"code": "NN 09", "name": "Corby"}, store.holders, list[httpx2.Response]()

    async def overtaken(desk: Desk, state: Neighbourhood) -> list[Neighbourhood]:
        if not before:
            before.append(httpx2.Response(500))
            before[0] = await meetings.post("/neighbourhoods", town, key="once")
        return await holders(desk, state)

    # The first attempt, of which the caller heard nothing, commits while its repeat is dealt with.
    monkeypatch.setattr(store, "holders", overtaken)
    repeated = await meetings.post("/neighbourhoods", town, key="once")

    assert (repeated.status_code, repeated.json()) == (201, before[0].json())


async def test_two_organisations_never_become_each_other(meetings: Caller) -> None:
    one, other = await organisation(meetings), await organisation(meetings)

    answers = await asyncio.gather(
        meetings.post(f"/organisations/{one['id']}/merge", {"merged_into": other["id"]}, version=1),
        meetings.post(f"/organisations/{other['id']}/merge", {"merged_into": one["id"]}, version=1),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await meetings.stored("organisations").count({"status": "merged"}) == 1


async def test_an_organisation_is_merged_only_within_its_force(meetings: Caller, place: Place) -> None:
    elsewhere = meetings.holding("recorder", force=place.add_force())
    await meetings.runtime.registry.refresh()
    ours, theirs = await organisation(meetings), await organisation(elsewhere)

    response = await meetings.post(f"/organisations/{ours['id']}/merge", {"merged_into": theirs["id"]}, version=1)

    assert refused(response) == (422, "no-such-reference", "#/merged_into")
    merged = await meetings.changed(ours, "merge", {"merged_into": (await organisation(meetings))["id"]})
    assert refused(await meetings.patch(f"/organisations/{ours['id']}", {"name": "Other"}, version=2)) == (409, "already-merged", None)
    assert merged["status"] == "merged"


async def test_feedback_is_read_page_by_page(meetings: Caller) -> None:
    meeting = await meetings.made("/meetings", HELD)
    other = await meetings.made("/meetings", HELD)
    path = f"/meetings/{meeting['id']}/feedback"
    given = [await meetings.made(path, {"gist": f"thought {n}", "confidence_after": 4}) for n in range(3)]
    await meetings.made(f"/meetings/{other['id']}/feedback", {"gist": "of another meeting"})

    first = done(await meetings.get(f"{path}?limit=2"))
    second = done(await meetings.get(f"{path}?limit=2&cursor={first['next']}"))

    assert [item["id"] for item in first["items"] + second["items"]] == [feedback["id"] for feedback in given]
    assert second["next"] is None
    assert (given[0]["meeting_id"], given[0]["confidence_before"]) == (meeting["id"], None)
    assert await meetings.events(given[0]["id"]) == ["feedback-received"]


async def test_feedback_belongs_to_a_held_meeting_and_an_organisation_of_the_force(meetings: Caller) -> None:
    planned, held = await meetings.made("/meetings", ROUND_TABLE), await meetings.made("/meetings", HELD)
    gist = {"gist": "a good meeting"}

    assert refused(await meetings.post(f"/meetings/{planned['id']}/feedback", gist)) == (409, "not-held", None)
    assert refused(await meetings.post(f"/meetings/{new_id()}/feedback", gist))[0] == 404
    assert refused(await meetings.get(f"/meetings/{new_id()}/feedback"))[0] == 404
    nobody = gist | {"organisation_id": new_id()}
    assert refused(await meetings.post(f"/meetings/{held['id']}/feedback", nobody))[2] == "#/organisation_id"
    assert refused(await meetings.post(f"/meetings/{held['id']}/feedback", gist | {"confidence_after": 6}))[2] == "#/confidence_after"


async def test_feedback_on_a_sensitive_meeting_shows_nobody_who_came(meetings: Caller) -> None:
    mosque = await organisation(meetings)
    meeting = await meetings.made("/meetings", HELD | {"sensitive": True})
    path = f"/meetings/{meeting['id']}/feedback"
    await meetings.made(path, {"gist": "a frank word", "organisation_id": mosque["id"]})

    (redacted,) = done(await meetings.holding("reader").get(path))["items"]
    (opened,) = done(await meetings.holding("sensitive_reader").get(path))["items"]

    assert redacted["sensitive"] is True
    assert "organisation_id" not in redacted
    assert "gist" not in redacted
    assert (opened["organisation_id"], opened["gist"]) == (mosque["id"], "a frank word")
    assert mosque["id"] not in str(await meetings.stored("feedback").find({}))


async def test_what_a_meeting_names_must_stand_in_its_force(meetings: Caller, place: Place) -> None:
    elsewhere = meetings.holding("recorder", force=place.add_force())
    await meetings.runtime.registry.refresh()
    ours, theirs = await organisation(meetings), await organisation(elsewhere)
    named = [{"organisation_id": ours["id"]}, {"organisation_id": theirs["id"]}]

    foreign = await meetings.post("/meetings", HELD | {"attendance": {"named": named}})
    absent = await meetings.post("/meetings", HELD | {"attendance": {"named": [named[0], {"organisation_id": new_id()}]}})

    assert refused(foreign) == (422, "no-such-reference", "#/attendance/named/1/organisation_id")
    assert foreign.json() == absent.json()
    assert refused(await meetings.post("/meetings", HELD | {"venue": {"organisation_id": theirs["id"]}}))[2] == "#/venue/organisation_id"
    assert refused(await meetings.post("/meetings", HELD | {"neighbourhood_id": new_id()}))[2] == "#/neighbourhood_id"
    assert await meetings.stored("meetings").count({}) == 0
    assert done(await meetings.post("/meetings", HELD | {"attendance": {"named": named[:1]}}), 201)


async def test_an_erased_organisation_is_named_no_more_but_stays_where_it_was_named(meetings: Caller) -> None:
    mosque = await organisation(meetings)
    attendance = {"named": [{"organisation_id": mosque["id"]}]}
    meeting = await meetings.made("/meetings", HELD | {"attendance": attendance})
    stub = {"_id": f"{meetings.force}:{mosque['id']}", "force": meetings.force, "id": mosque["id"], "version": 2}
    await meetings.stored("organisations").replace_one({"_id": stub["_id"]}, stub | {"erased_at": "2025-06-01T00:00:00.000Z"})

    assert refused(await meetings.post("/meetings", HELD | {"attendance": attendance}))[1] == "no-such-reference"
    assert (await meetings.amended(meeting, title="Another title"))["version"] == 2
    response = await meetings.patch(f"/organisations/{mosque['id']}", {"name": "Another name"}, version=2)
    assert refused(response) == (409, "erased", None)


async def test_feedback_is_read_where_it_was_said_to_be_and_put_right(meetings: Caller) -> None:
    meeting, other = await meetings.made("/meetings", HELD), await meetings.made("/meetings", HELD)
    response = await meetings.post(f"/meetings/{meeting['id']}/feedback", {"gist": "Worth the evening", "confidence_after": 3})
    feedback = done(response, 201)
    path = f"/meetings/{meeting['id']}/feedback/{feedback['id']}"
    elsewhere = f"/meetings/{other['id']}/feedback/{feedback['id']}"
    before = await meetings.stored("feedback").find_one({"id": feedback["id"]})

    assert response.headers["location"] == f"/v1/forces/{meetings.force}{path}"
    assert done(await meetings.get(path)) == feedback
    amended = done(await meetings.patch(path, {"gist": "Worth another evening", "confidence_after": 5}, version=1))
    after = await meetings.stored("feedback").find_one({"id": feedback["id"]})
    assert (amended["gist"], amended["confidence_after"]) == ("Worth another evening", 5)
    assert before is not None
    assert after is not None
    assert before["sealed"]["kid"] != after["sealed"]["kid"]
    assert await meetings.events(feedback["id"]) == ["feedback-received", "feedback-amended"]
    assert refused(await meetings.patch(path, {"gist": "Once more"}, version=1))[0] == 412
    assert refused(await meetings.patch(path, {"gist": None}, version=2))[:2] == (422, "invalid-request")
    assert refused(await meetings.get(elsewhere)) == refused(await meetings.patch(elsewhere, {"gist": "No"}, version=2))
    assert (await meetings.get(elsewhere)).status_code == 404


async def test_feedback_becomes_sensitive_with_its_meeting_and_ordinary_again(meetings: Caller) -> None:
    meeting = await meetings.made("/meetings", HELD)
    feedback = await meetings.made(f"/meetings/{meeting['id']}/feedback", {"gist": "Worth the evening"})

    hidden = await meetings.amended(meeting, sensitive=True)
    (sealed,) = done(await meetings.get(f"/meetings/{meeting['id']}/feedback"))["items"]
    alone = await meetings.patch(f"/meetings/{meeting['id']}", {"sensitive": False}, version=hidden["version"])
    await meetings.holding("recorder", "sensitive_reader").amended(hidden, sensitive=False)
    (again,) = done(await meetings.get(f"/meetings/{meeting['id']}/feedback"))["items"]

    assert (sealed["version"], sealed["sensitive"], "gist" in sealed) == (feedback["version"] + 1, True, False)
    assert refused(alone) == (403, "role-missing", None)
    assert (again["sensitive"], again["gist"]) == (False, "Worth the evening")
