"""What is sealed and what is sensitive, in the concerns service over HTTP, on a real MongoDB."""

import asyncio

from structlog.testing import capture_logs

from tests.builders import new_id
from tests.services.callers import PATROLS, PROMISE, Caller, done, promised, raised, refused

FRAME = {
    "id",
    "force",
    "version",
    "sensitive",
    "last_event",
    "erased_at",
    "status",
    "meeting_id",
    "raised_on",
    "raised_from",
    "raised_to",
    "raised_at",
    "response_due",
    "responded_at",
    "answered_again_at",
    "overdue_at",
    "closed_at",
    "reopened_at",
    "related",
    "recorded_late",
}
"""All that a sensitive concern shows to whoever may not open it."""


async def test_a_concern_that_becomes_sensitive_takes_its_actions_along_in_one_transaction(concerns: Caller) -> None:
    concern = await concerns.changed(await raised(concerns), "publish", {"you_said": "You would like to see more patrols."})
    action = await concerns.changed(await promised(concerns, concern), "publish", {"we_promised": "We will walk on Fridays."})
    other = await promised(concerns)

    hidden = await concerns.amended(concern, sensitive=True)

    assert (hidden["sensitive"], hidden["publication"], hidden["version"]) == (True, None, 3)
    seen = await concerns.seen(action)
    assert (seen["sensitive"], seen["publication"], seen["version"]) == (True, None, 3)
    assert await concerns.events(action["id"]) == ["action-opened", "action-published", "action-amended"]
    assert (await concerns.seen(other))["version"] == 1
    for path, words in ((concerns.path_of(concern), {"you_said": "Again."}), (concerns.path_of(action), {"we_promised": "Again."})):
        assert refused(await concerns.post(f"{path}/publish", words, version=3)) == (409, "sensitive", None)
    documents = [await concerns.stored(name).find({"sensitive": True}) for name in ("concerns", "actions")]
    assert "patrol-visibility" not in str(documents)
    assert "Chief Constable" not in str(documents)


async def test_actions_are_ordinary_again_when_no_sensitive_concern_is_left(concerns: Caller) -> None:
    one, other = await raised(concerns, sensitive=True), await raised(concerns, sensitive=True)
    of_one, of_both = await promised(concerns, one), await promised(concerns, one, other)
    assert of_one["sensitive"]
    assert of_both["sensitive"]

    await concerns.amended(one, sensitive=False)

    assert not (await concerns.seen(of_one))["sensitive"]
    assert (await concerns.seen(of_both))["sensitive"]
    await concerns.amended(other, sensitive=False)
    assert not (await concerns.seen(of_both))["sensitive"]


async def test_other_answers_make_an_action_as_sensitive_as_they_are(concerns: Caller) -> None:
    ordinary, sensitive = await raised(concerns), await raised(concerns, sensitive=True)
    action = await promised(concerns, ordinary)

    hidden = await concerns.amended(action, answers=[ordinary["id"], sensitive["id"]])
    shown = await concerns.amended(hidden, answers=[])

    assert (hidden["sensitive"], shown["sensitive"]) == (True, False)


async def test_only_who_may_open_what_is_sensitive_makes_it_ordinary_again(concerns: Caller) -> None:
    concern = await raised(concerns, sensitive=True)
    action = await promised(concerns, concern)
    recorder = concerns.holding("recorder", "publisher", "reader")
    attempts = [
        await recorder.patch(concerns.path_of(concern), {"sensitive": False}, version=1),
        await recorder.patch(concerns.path_of(action), {"answers": []}, version=1),
    ]

    assert [refused(answer) for answer in attempts] == [(403, "role-missing", None)] * 2
    assert refused(await concerns.patch(concerns.path_of(concern), {"sensitive": None}, version=1)) == (
        422,
        "invalid-request",
        "#/sensitive",
    )
    assert (await concerns.seen(concern))["version"] == (await concerns.seen(action))["version"] == 1
    with capture_logs() as lines:
        await concerns.amended(concern, sensitive=False)
    lowered = [line for line in lines if line["event"] == "sensitivity_lowered"]
    assert [(line["subject"], line["id"], line["version"]) for line in lowered] == [("ada", concern["id"], 2), ("ada", action["id"], 2)]


async def test_a_recorder_amends_what_stays_sensitive_and_makes_things_sensitive(concerns: Caller) -> None:
    recorder = concerns.holding("recorder")
    hidden, shown = await raised(concerns, sensitive=True), await raised(concerns)

    assert done(await recorder.patch(concerns.path_of(hidden), {"priority": "high"}, version=1))["version"] == 2
    assert done(await recorder.patch(concerns.path_of(shown), {"sensitive": True}, version=1))["sensitive"] is True


async def test_an_answer_that_was_put_right_is_sealed_with_another_key(concerns: Caller) -> None:
    concern = await concerns.changed(await raised(concerns), "respond", {"response": "What nobody should have written"})
    before = await concerns.stored("concerns").find_one({"id": concern["id"]})

    amended = await concerns.amended(concern, response="We will walk on Fridays")

    after = await concerns.stored("concerns").find_one({"id": concern["id"]})
    assert before is not None
    assert after is not None
    assert (amended["response"], before["sealed"]["kid"] != after["sealed"]["kid"]) == ("We will walk on Fridays", True)
    early = await concerns.patch(concerns.path_of(concern), {"reason": "Patrols take place"}, version=3)
    assert refused(early) == (409, "not-said-yet", "#/reason")


async def test_no_action_slips_past_a_change_of_sensitivity(concerns: Caller) -> None:
    for _ in range(5):
        concern = await raised(concerns)
        bodies = [PROMISE | {"answers": [concern["id"]], "owner_role": f"Office {n}"} for n in range(8)]
        hiding = concerns.patch(f"/concerns/{concern['id']}", {"sensitive": True}, version=1)

        answers = await asyncio.gather(*(concerns.post("/actions", body) for body in bodies), hiding)

        assert {answer.status_code for answer in answers} <= {200, 201}
        assert await concerns.stored("actions").count({"answers": concern["id"], "sensitive": False}) == 0


async def test_of_two_concerns_that_change_at_once_an_action_follows_both(concerns: Caller) -> None:
    for _ in range(8):
        lowered, hidden = await raised(concerns, sensitive=True), await raised(concerns)
        action = await promised(concerns, lowered, hidden)

        await asyncio.gather(concerns.amended(lowered, sensitive=False), concerns.amended(hidden, sensitive=True))

        assert (await concerns.seen(action))["sensitive"]


async def test_many_actions_can_answer_one_concern_at_once(concerns: Caller) -> None:
    concern = await raised(concerns)

    answers = await asyncio.gather(*(concerns.post("/actions", PROMISE | {"answers": [concern["id"]]}) for _ in range(16)))

    assert {answer.status_code for answer in answers} == {201}


async def test_a_sensitive_concern_shows_its_frame_to_whoever_may_not_open_it(concerns: Caller) -> None:
    concern = await raised(concerns, sensitive=True, organisation_id=new_id())

    assert (await concerns.seen(concern))["said"] == PATROLS["said"]
    for roles in (("reader",), ("recorder",), ("publisher",)):
        assert (await concerns.holding(*roles).seen(concern)).keys() == FRAME


async def test_the_one_who_records_something_sensitive_gets_back_what_their_roles_open(concerns: Caller) -> None:
    response = await concerns.holding("recorder").post("/concerns", PATROLS | {"sensitive": True})

    assert done(response, 201).keys() == FRAME


async def test_what_is_sealed_is_found_in_no_document(concerns: Caller) -> None:
    concern = await raised(concerns)
    await concerns.changed(concern, "respond", {"response": "We will walk on Fridays"})
    await promised(concerns, concern)

    stored = str([await concerns.stored(name).find({}) for name in ("concerns", "actions", "outbox", "idempotency")])
    assert "patrol-visibility" in stored
    assert "seldom" not in stored
    assert "Fridays" not in stored
