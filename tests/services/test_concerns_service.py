"""The concerns service over HTTP, on a real MongoDB."""

import asyncio
from typing import Any

import pytest

from chassis.desk import Desk
from tests.builders import new_id
from tests.conftest import Place
from tests.services.callers import PATROLS, PROMISE, RESOLVED, Caller, Record, done, promised, raised, refused


async def test_a_concern_goes_from_what_was_said_to_what_became_of_it(concerns: Caller) -> None:
    concern = await raised(concerns)
    for operation, body, status in [
        ("respond", {"response": "We will walk on Fridays"}, "under_review"),
        ("progress", {"progress": "Patrols have begun"}, "in_progress"),
        ("publish", {"you_said": "You would like to see more patrols."}, "in_progress"),
        ("close", RESOLVED, "resolved"),
        ("reopen", {"reason": "No patrols in August"}, "raised"),
        ("unpublish", None, "raised"),
        ("close", RESOLVED | {"resolution": "no_further_action"}, "no_further_action"),
    ]:
        concern = await concerns.changed(concern, operation, body)
        assert concern["status"] == status

    assert concern["response"] == "We will walk on Fridays"
    assert await concerns.events(concern["id"]) == [
        "concern-raised",
        "concern-responded",
        "concern-progressed",
        "concern-published",
        "concern-closed",
        "concern-reopened",
        "concern-unpublished",
        "concern-closed",
    ]


async def test_an_action_goes_from_what_was_promised_to_what_was_done(concerns: Caller) -> None:
    action = await promised(concerns, await raised(concerns))
    action = await concerns.amended(action, standing=False, due_on="2025-06-30")
    action = await concerns.changed(action, "publish", {"we_promised": "We will walk on Fridays."})
    too_early = await concerns.post(f"/actions/{action['id']}/publish", {"we_did": "We walked."}, version=3)
    action = await concerns.changed(action, "close", {"outcome": "completed"})
    action = await concerns.changed(action, "publish", {"we_did": "We walked on Fridays."})
    done_once = action["publication"]
    action = await concerns.changed(action, "reopen", {"reason": "It stopped in August"})
    action = await concerns.changed(action, "unpublish")

    assert refused(too_early) == (409, "not-done-yet", "#/we_did")
    assert (done_once["we_promised"], done_once["we_did"]) == ("We will walk on Fridays.", "We walked on Fridays.")
    assert (action["status"], action["outcome"], action["publication"]) == ("open", None, None)
    assert await concerns.events(action["id"]) == [
        "action-opened",
        "action-amended",
        "action-published",
        "action-closed",
        "action-published",
        "action-reopened",
        "action-unpublished",
    ]


async def test_an_action_already_done_is_announced_as_closed_alone(concerns: Caller) -> None:
    response = await concerns.post("/actions", PROMISE | {"status": "closed", "outcome": "completed"})

    action = done(response, 201)
    assert response.headers["location"] == f"/v1/forces/{concerns.force}/actions/{action['id']}"
    assert action["closed_at"] is not None
    assert await concerns.events(action["id"]) == ["action-closed"]


REFUSED: list[tuple[str, Record, str]] = [
    ("/concerns", PATROLS | {"category": "parking"}, "#/category"),
    ("/concerns", PATROLS | {"witness": "the caretaker"}, "#/witness"),
    ("/concerns", PATROLS | {"said": "write to imam@example.org"}, "#/said"),
    ("/concerns", PATROLS | {"said": "call +44 7700 900123"}, "#/said"),
    ("/concerns", PATROLS | {"raised_on": "2999-01-01"}, "#/raised_on"),
    ("/concerns", PATROLS | {"raised_on": "last week"}, "#/raised_on"),
    ("/concerns", PATROLS | {"related": [{"force": "Kent!", "id": new_id()}]}, "#/related/0/force"),
    ("/concerns", PATROLS | {"related": [{"force": "atlantis", "id": new_id()}]}, "#/related/0/force"),
    ("/actions", PROMISE | {"standing": False}, "#/due_on"),
    ("/actions", PROMISE | {"due_on": "2025-06-30"}, "#/due_on"),
    ("/actions", PROMISE | {"due_on": "2025-06", "standing": False}, "#/due_on"),
    ("/actions", PROMISE | {"status": "closed"}, "#/outcome"),
    ("/actions", PROMISE | {"outcome": "completed"}, "#/outcome"),
    ("/actions", PROMISE | {"owner_role": None}, "#/owner_role"),
    ("/actions", PROMISE | {"sensitive": True}, "#/sensitive"),
]
"""What may not be entered, and the field that is to blame."""


async def test_what_may_not_be_entered_is_pointed_at_and_not_stored(concerns: Caller) -> None:
    answers = [await concerns.post(path, body) for path, body, _ in REFUSED]

    assert [(answer.status_code, refused(answer)[2]) for answer in answers] == [(422, pointer) for _, _, pointer in REFUSED]
    counts = [await concerns.stored(collection).count({}) for collection in ("concerns", "actions", "outbox")]
    assert counts == [0, 0, 0]


async def test_an_action_answers_concerns_of_its_own_force_alone(concerns: Caller, place: Place) -> None:
    elsewhere = concerns.holding("recorder", force=place.add_force())
    await concerns.runtime.registry.refresh()
    theirs = await raised(elsewhere)

    foreign = await concerns.post("/actions", PROMISE | {"answers": [theirs["id"]]})
    absent = await concerns.post("/actions", PROMISE | {"answers": [new_id()]})

    assert refused(foreign) == (422, "no-such-concern", "#/answers/0")
    assert foreign.json() == absent.json()
    action = await promised(concerns)
    assert refused(await concerns.patch(f"/actions/{action['id']}", {"answers": [theirs["id"]]}, version=1))[2] == "#/answers/0"
    duplicate = RESOLVED | {"resolution": "duplicate", "duplicate_of": theirs["id"]}
    ours = await raised(concerns)
    assert refused(await concerns.post(f"/concerns/{ours['id']}/close", duplicate, version=1)) == (422, "no-such-concern", "#/duplicate_of")


async def test_a_concern_is_closed_once(concerns: Caller) -> None:
    concern = await concerns.changed(await raised(concerns), "close", RESOLVED)

    response = await concerns.post(f"/concerns/{concern['id']}/close", RESOLVED, version=2)

    assert refused(response) == (409, "already-closed", None)
    assert await concerns.events(concern["id"]) == ["concern-raised", "concern-closed"]


JUDGED_ALONE: list[tuple[str, Record, str]] = [
    ("/close", RESOLVED | {"resolution": "duplicate"}, "#/duplicate_of"),
    ("", {"raised_on": "2999-01-01"}, "#/raised_on"),
    ("", {"said": {"words": "Patrols"}}, "#/said"),
    ("", {"sensitive": None}, "#/sensitive"),
]
"""What the body alone shows to be wrong."""


async def test_a_body_is_judged_before_the_key_the_version_and_the_status(concerns: Caller) -> None:
    concern = await concerns.changed(await raised(concerns), "close", RESOLVED)
    path = f"/concerns/{concern['id']}"

    for operation, body, pointer in JUDGED_ALONE:
        method = "POST" if operation else "PATCH"
        for tag in (None, '"1"', '"2"'):
            answer = await concerns.ask(method, f"{path}{operation}", body, tag)
            assert (answer.status_code, refused(answer)[2]) == (422, pointer)


async def test_progress_takes_no_words_to_be_told(concerns: Caller) -> None:
    concern = await raised(concerns)

    response = await concerns.post(f"/concerns/{concern['id']}/progress", version=1)

    assert (done(response)["status"], done(response)["progress"]) == ("in_progress", None)


async def test_a_problem_repeats_no_name_that_someone_can_be_reached_by(concerns: Caller) -> None:
    answer = await concerns.post("/concerns", PATROLS | {"imam@example.org": 1, "mood": 2})

    assert [error["pointer"] for error in answer.json()["errors"]] == ["#", "#/mood"]
    assert "imam" not in answer.text


async def test_a_duplicate_names_the_concern_that_it_repeats(concerns: Caller) -> None:
    first, second = await raised(concerns), await raised(concerns)

    closed = await concerns.changed(second, "close", RESOLVED | {"resolution": "duplicate", "duplicate_of": first["id"]})

    assert (closed["status"], closed["duplicate_of"]) == ("duplicate", first["id"])


async def test_only_publishers_publish(concerns: Caller) -> None:
    concern = await raised(concerns)
    path, words = f"/concerns/{concern['id']}/publish", {"you_said": "You would like to see more patrols."}

    assert refused(await concerns.holding("recorder").post(path, words, version=1)) == (403, "role-missing", None)
    assert refused(await concerns.holding("publisher").post("/concerns", PATROLS)) == (403, "role-missing", None)
    published = done(await concerns.holding("publisher").post(path, words, version=1))
    assert published["publication"]["you_said"] == words["you_said"]
    assert "said" not in published


async def test_the_same_key_makes_one_concern(concerns: Caller) -> None:
    answers = await asyncio.gather(*(concerns.post("/concerns", PATROLS, key="once") for _ in range(5)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await concerns.stored("concerns").count({}) == 1
    assert refused(await concerns.post("/concerns", PATROLS | {"priority": "high"}, key="once"))[:2] == (422, "idempotency-key-reused")


async def test_a_repeated_request_is_answered_as_before_whatever_happened_since(concerns: Caller) -> None:
    concern = await raised(concerns)
    body = PROMISE | {"answers": [concern["id"]]}
    first = await concerns.post("/actions", body, key="once")
    closing = await concerns.post(f"/concerns/{concern['id']}/close", RESOLVED, version=1, key="close")
    stub = {"_id": f"{concerns.force}:{concern['id']}", "force": concerns.force, "id": concern["id"], "version": 3}
    await concerns.stored("concerns").replace_one({"_id": stub["_id"]}, stub | {"erased_at": "2025-06-01T00:00:00.000Z"})

    again = await concerns.post("/actions", body, key="once")
    closed_again = await concerns.post(f"/concerns/{concern['id']}/close", RESOLVED, version=1, key="close")

    assert (again.status_code, again.json(), again.headers["location"]) == (201, first.json(), first.headers["location"])
    assert closed_again.status_code == closing.status_code == 200
    assert closed_again.headers["x-roundtable-version"] == closing.headers["x-roundtable-version"] == f"{concern['id']}@2"
    assert closed_again.json().keys() == {"id", "force", "version", "erased_at", "last_event"}
    assert refused(await concerns.post("/actions", body, key="another"))[1] == "no-such-concern"


async def test_a_repeat_does_not_meet_its_own_change_as_that_of_another(concerns: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    concern = await raised(concerns)
    close, read, before = f"/concerns/{concern['id']}/close", Desk.read, list[Record]()

    async def overtaken(desk: Desk, model: type[Any], subject: str) -> Any:
        if not before:
            before.append({})
            before[0] = done(await concerns.post(close, RESOLVED, version=1, key="once"))
        return await read(desk, model, subject)

    # The first attempt, of which the caller heard nothing, commits while its repeat is dealt with.
    monkeypatch.setattr(Desk, "read", overtaken)

    assert done(await concerns.post(close, RESOLVED, version=1, key="once")) == before[0]


async def test_an_erased_concern_is_changed_no_more(concerns: Caller) -> None:
    concern = await raised(concerns)
    stub = {"_id": f"{concerns.force}:{concern['id']}", "force": concerns.force, "id": concern["id"], "version": 2}
    await concerns.stored("concerns").replace_one({"_id": stub["_id"]}, stub | {"erased_at": "2025-06-01T00:00:00.000Z"})

    assert refused(await concerns.patch(f"/concerns/{concern['id']}", {"priority": "high"}, version=2)) == (409, "erased", None)
    assert refused(await concerns.post(f"/concerns/{concern['id']}/close", RESOLVED, version=2)) == (409, "erased", None)


async def test_words_taken_out_are_gone_with_their_key(concerns: Caller) -> None:
    concern = await raised(concerns, said="What nobody should have written")
    before = await concerns.stored("concerns").find_one({"id": concern["id"]})
    await concerns.amended(concern, said="Patrols are seen too seldom")
    after = await concerns.stored("concerns").find_one({"id": concern["id"]})

    assert before is not None
    assert after is not None
    assert before["sealed"]["kid"] != after["sealed"]["kid"]
    assert (await concerns.seen(concern))["said"] == "Patrols are seen too seldom"
    await concerns.published_until(lambda: concerns.lost_key(before["sealed"]["kid"]))


async def test_what_a_newer_version_wrote_survives_an_older_one(concerns: Caller) -> None:
    concern = await raised(concerns)
    await concerns.stored("concerns").update_one({"id": concern["id"]}, {"$set": {"mood": "hopeful", "priority": "soon"}})

    amended = await concerns.amended(concern, locality="Town centre")

    assert (amended["mood"], amended["priority"], amended["locality"]) == ("hopeful", "soon", "Town centre")


async def test_who_has_no_grant_learns_nothing(concerns: Caller, place: Place) -> None:
    concern = await raised(concerns)
    stranger = concerns.holding("reader", force=place.add_force())

    there = await stranger.get(f"/concerns/{concern['id']}", concerns.force)
    nowhere = await stranger.get(f"/concerns/{new_id()}", concerns.force)
    unknown = await stranger.get(f"/concerns/{concern['id']}", "atlantis")

    assert there.status_code == 404
    assert there.json() == nowhere.json() == unknown.json()
