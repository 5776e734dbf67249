"""The chain of a meeting, from what was raised to what was published, as each reader may see it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Organisation
from readmodel.access import Reader
from readmodel.dashboard.threads import threads
from readmodel.parts import parts
from readmodel.views import chain
from tests.builders import NOW, new_id
from tests.conftest import Place
from tests.services.readmodel_world import World, state, world


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


@dataclass(frozen=True)
class RoundTable:
    """What was told of a round table."""

    meeting: Meeting
    channels: Concern
    tension: Concern
    promise: Action
    quiet: Action
    open_door: Action


async def told(there: World) -> RoundTable:
    """Eleven mosques, two of them named; two concerns, one of them sensitive; three promises, one of them to nobody."""
    force, recorded = there.force, {"raised_on": "2025-05-06", "raised_at": NOW, "response_due": "2025-05-09T18:00:00Z"}
    mosque, council = (
        state(Organisation, force, name=name, registered_at=NOW) for name in ("Kettering Muslim Association", "Council of Mosques")
    )
    named = [{"organisation_id": each.id} for each in (mosque, council)]
    attendance = {"named": named, "organisations_total": 11, "heads_total": 24}
    held = {"status": "held", "held_on": "2025-05-06", "held_from": "2025-05-06", "held_to": "2025-05-06", "minutes": "Each mosque spoke."}
    meeting = state(Meeting, force, kind="round_table", title="Round table", attendance=attendance, **held)
    channels = state(Concern, force, category="communication-channels", said="a quicker way in", meeting_id=meeting.id, **recorded)
    tension = state(Concern, force, category="community-tension", said="fear of a march", meeting_id=meeting.id, sensitive=True, **recorded)
    promise = state(
        Action, force, owner_role="Chief Constable", commitment="better lines", answers=[channels.id, tension.id], meeting_id=meeting.id
    )
    quiet = state(Action, force, owner_role="Chief Constable", commitment="extra patrols", answers=[tension.id], sensitive=True)
    open_door = state(Action, force, owner_role="Commissioner", commitment="the door is open", standing=True, meeting_id=meeting.id)
    thought = state(Feedback, force, meeting_id=meeting.id, organisation_id=mosque.id, gist="a good meeting", received_at=NOW)
    await there.tell(e.OrganisationRegistered(mosque), e.OrganisationRegistered(council), e.MeetingHeld(meeting))
    await there.tell(
        e.ConcernRaised(channels), e.ConcernRaised(tension), e.ActionOpened(promise), e.ActionOpened(quiet), e.ActionOpened(open_door)
    )
    published = {"you_said": "It was hard to reach leaders", "published_at": NOW}
    did = {"we_promised": "One way in", "we_did": "It is open", "published_at": NOW}
    done = promise.next(status="closed", outcome="completed", outcome_note="the address is open", closed_at=NOW)
    responded = channels.next(responded_at=NOW, response="we will", status="under_review")
    await there.tell(e.ConcernResponded(responded), e.ActionClosed(done), e.FeedbackReceived(thought))
    await there.tell(e.ConcernPublished(Concern.from_opened(responded.next().opened() | {"publication": published})))
    await there.tell(e.ActionPublished(Action.from_opened(done.next().opened() | {"publication": did})))
    return RoundTable(meeting, channels, tension, promise, quiet, open_door)


async def test_the_chain_holds_everything_that_a_meeting_led_to(there: World) -> None:
    table = await told(there)

    found = await there.read(f"/meetings/{table.meeting.id}/chain", "reader")

    assert found["meeting"]["minutes"] == "Each mosque spoke."
    assert sorted(each["name"] for each in found["organisations"]) == ["Council of Mosques", "Kettering Muslim Association"]
    assert found["attendance"] == {
        "organisations_total": 11,
        "named": 2,
        "not_named": 9,
        "heads_total": 24,
        "in_words": "11 organisations, 2 of them named, 24 people",
    }
    by_id = {each["id"]: each for each in found["concerns"]}
    assert by_id[table.channels.id]["actions"] == [table.promise.id]
    assert by_id[table.tension.id]["actions"] == [table.promise.id, table.quiet.id]
    assert [each["id"] for each in found["actions"]] == [table.promise.id, table.quiet.id, table.open_door.id]
    assert found["actions_without_concern"] == [table.open_door.id]
    assert [(each["action"], each["outcome"], each["note"]) for each in found["outcomes"]] == [
        (table.promise.id, "completed", "the address is open")
    ]
    assert [(each["collection"], each.get("you_said"), each.get("we_did")) for each in found["publications"]] == [
        ("concerns", "It was hard to reach leaders", None),
        ("actions", None, "It is open"),
    ]
    assert [each["gist"] for each in found["feedback"]] == ["a good meeting"]
    assert found["summary"] == {"concerns": 2, "responded": 1, "responded_in_time": 1, "with_action": 2, "done": 1, "sensitive": 1}
    assert sorted(step["type"].split(".")[1] for step in found["timeline"]) == [
        *("action-closed", "action-opened", "action-opened", "action-opened", "action-published"),
        *("concern-published", "concern-raised", "concern-raised", "concern-responded", "feedback-received", "meeting-held"),
    ]


async def test_the_chain_is_opened_by_role(there: World) -> None:
    table = await told(there)
    address = f"/meetings/{table.meeting.id}/chain"

    everything, ordinary, redacted = [(await there.ask(address, role)).text for role in ("sensitive_reader", "reader", "subscriber")]

    for words in ("fear of a march", "community-tension", "extra patrols"):
        assert words in everything
        assert words not in ordinary
    for words in ("a quicker way in", "better lines", "a good meeting", "the address is open", "Each mosque spoke."):
        assert words in ordinary
        assert words not in redacted
    assert table.tension.id in redacted
    assert "sealed" not in everything


async def test_a_link_to_what_is_not_there_stays_an_id(there: World) -> None:
    stranger = new_id()
    meeting = state(Meeting, there.force, kind="iag", status="held", attendance={"named": [{"organisation_id": stranger}]})
    action = state(Action, there.force, answers=[stranger], meeting_id=meeting.id, standing=True)
    await there.tell(e.MeetingHeld(meeting), e.ActionOpened(action))

    found = await there.read(f"/meetings/{meeting.id}/chain")

    assert found["organisations"] == []
    assert found["attendance"]["in_words"] == "1 organisation named"
    assert found["actions_without_concern"] == [action.id]
    assert found["meeting"]["attendance"]["named"][0]["organisation_id"] == stranger


async def test_another_forces_records_are_in_no_chain(there: World) -> None:
    table, foreign = await told(there), there.place.add_force()
    await there.runtime.registry.refresh()
    await there.tell(e.ConcernRaised(state(Concern, foreign, category="drugs", meeting_id=table.meeting.id)))
    await there.tell(e.ActionOpened(state(Action, foreign, answers=[table.channels.id], standing=True)))

    found = await there.read(f"/meetings/{table.meeting.id}/chain", f"{there.force}:reader", f"{foreign}:reader")

    assert {each["force"] for each in found["concerns"] + found["actions"]} == {there.force}
    assert len(found["concerns"]) == 2


async def test_the_chain_of_one_concern_has_its_meeting_and_its_actions(there: World) -> None:
    table = await told(there)
    reader = Reader("ada", {there.force: frozenset()})

    found = await chain.of_concern(parts(there.runtime).store, reader, table.channels.id)
    absent = await chain.of_concern(parts(there.runtime).store, Reader("ada"), table.channels.id)

    assert found is not None
    assert found.meeting is not None
    assert found.meeting["id"] == table.meeting.id
    assert [each["id"] for each in found.concerns] == [table.channels.id]
    assert [each["id"] for each in found.actions] == [table.promise.id]
    assert absent is None


async def test_who_raised_a_concern_is_named_though_they_did_not_come(there: World) -> None:
    came, raised, thought, hidden = (state(Organisation, there.force, name=name) for name in ("Mosque", "Gurdwara", "Church", "Temple"))
    named = {"named": [{"organisation_id": came.id}]}
    meeting = state(Meeting, there.force, kind="iag", status="held", attendance=named)
    concern = state(Concern, there.force, category="drugs", meeting_id=meeting.id, organisation_id=raised.id)
    sealed = state(Concern, there.force, category="drugs", meeting_id=meeting.id, organisation_id=hidden.id, sensitive=True)
    feedback = state(Feedback, there.force, meeting_id=meeting.id, organisation_id=thought.id)
    await there.tell(*(e.OrganisationRegistered(each) for each in (came, raised, thought, hidden)))
    await there.tell(e.MeetingHeld(meeting), e.ConcernRaised(concern), e.ConcernRaised(sealed), e.FeedbackReceived(feedback))

    found = await there.read(f"/meetings/{meeting.id}/chain")

    assert {each["name"] for each in found["organisations"]} == {"Mosque", "Gurdwara", "Church"}
    assert found["attendance"]["in_words"] == "1 organisation named"


async def test_a_concern_is_done_when_every_promise_was_kept_and_not_when_one_was_only_closed(there: World) -> None:
    meeting = state(Meeting, there.force, kind="iag", status="held")
    await there.tell(e.MeetingHeld(meeting))
    for outcomes in (["completed", "ongoing_commitment"], ["completed", "not_feasible"], ["not_feasible"], []):
        concern = state(Concern, there.force, category="drugs", meeting_id=meeting.id)
        actions = [state(Action, there.force, answers=[concern.id], status="closed", outcome=outcome) for outcome in outcomes]
        await there.tell(e.ConcernRaised(concern), *(e.ActionOpened(action) for action in actions))

    found = await there.read(f"/meetings/{meeting.id}/chain")
    pages = threads(found["concerns"], found["actions"], NOW)

    assert found["summary"]["done"] == 1
    assert [thread.done for thread in pages] == [True, False, False, False]
