"""Who sees what on the pages: nothing of a force without its grant, and on the public page nothing but approved words."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Meeting
from contracts.places import Neighbourhood
from tests.conftest import Place
from tests.services.dashboard_scene import Scene, staged
from tests.services.readmodel_world import state, world

SECRET = "dealing behind the mosque on Queen Street"
SAID = {"you_said": "the lights are out", "published_at": "2045-06-09T10:15:00.000Z"}


@pytest.fixture
async def scene(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Scene]:
    async with world(place, await runtimes("readmodel")) as made, staged(made) as scene:
        yield scene


async def _other_force(scene: Scene) -> str:
    force = scene.world.place.add_force()
    await scene.world.runtime.registry.refresh()
    return force


@pytest.mark.parametrize("page", ["/overview", "/forces/kent", "/forces/kent/meetings/1", "/forces/kent/anything/else"])
async def test_nobody_sees_a_page_of_staff_without_a_session(scene: Scene, page: str) -> None:
    answer = await scene.browser().get(page)
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/sign-in", "")


async def test_a_session_without_a_grant_sees_no_trace_of_a_force(scene: Scene) -> None:
    meeting = await scene.round_table(title="Round table behind closed doors")
    concern = await scene.concern(meeting, category="burglary", said=SECRET)
    await scene.promise(concern, meeting=meeting, due_on="2045-06-01")
    browser = await scene.signed_in(grants={await _other_force(scene): ["reader"]})
    there = [await browser.get(page) for page in (scene.page_of(meeting), f"/forces/{scene.force}", f"/overview?force={scene.force}")]
    absent = [await browser.get(page) for page in ("/forces/nowhere/meetings/0", "/forces/nowhere", "/overview?force=nowhere")]
    assert [answer.status_code for answer in (*there, *absent)] == [404] * 6
    for seen, unseen in zip(there, absent, strict=True):
        assert _without_nonce(seen.text) == _without_nonce(unseen.text)
    everything = [answer.text for answer in [*there, await browser.get("/overview"), await browser.get("/")]]
    assert not any(trace in text for text in everything for trace in (scene.force, meeting.id, "closed doors", "Burglary", SECRET))


async def test_a_meeting_is_not_shown_under_another_force(scene: Scene) -> None:
    meeting, other = await scene.round_table(), await _other_force(scene)
    browser = await scene.signed_in(grants={scene.force: ["reader"], other: ["reader"]})
    assert (await browser.get(f"/forces/{other}/meetings/{meeting.id}")).status_code == 404
    assert (await browser.get(scene.page_of(meeting))).status_code == 200


async def test_a_sensitive_concern_counts_and_keeps_its_words(scene: Scene) -> None:
    meeting = await scene.round_table()
    concern = await scene.concern(meeting, category="community-tension", locality="Queensway", said=SECRET, sensitive=True)
    await scene.promise(concern, meeting=meeting, commitment="talk to the families", sensitive=True)
    page, overview = await _pages(scene, meeting, "reader")
    assert "1 concern" in page
    assert "Sealed concern" in page
    assert "Who can open the sealed concern" in page
    assert not any(
        word in page + overview for word in (SECRET, "Community tension", "Queensway", "talk to the families", "Chief Constable")
    )
    opened, _ = await _pages(scene, meeting, "sensitive_reader")
    assert SECRET in opened
    assert "Talk to the families" in opened


async def test_a_role_that_opens_nothing_sees_how_far_it_has_come_and_no_sealed_words(scene: Scene) -> None:
    meeting = await scene.round_table(minutes="minutes of the meeting", attendance_note="leaders of 11 mosques")
    concern = await scene.concern(meeting, said=SECRET)
    await scene.promise(concern, meeting=meeting, commitment="patrol at night")
    await scene.thought(meeting, "Kettering Muslim Association", gist="a good meeting")
    page, overview = await _pages(scene, meeting, "subscriber")
    assert "Sealed promise" in page
    assert "Drugs" in page
    assert not any(word in page + overview for word in (SECRET, "atrol at night", "good meeting", "minutes of", "11 mosques"))


async def _pages(scene: Scene, meeting: Meeting, role: str) -> tuple[str, str]:
    browser = await scene.signed_in(role)
    return (await browser.get(scene.page_of(meeting))).text, (await browser.get("/overview")).text


async def test_the_public_page_shows_published_words_and_nothing_else(scene: Scene) -> None:
    meeting = await scene.round_table()
    concern = await scene.concern(meeting, category="road-safety", said=SECRET, locality="Queensway", publication=SAID)
    await scene.promise(
        concern,
        commitment="ask the council in private",
        publication={"we_promised": "ask the council", "published_at": SAID["published_at"]},
    )
    await scene.concern(meeting, category="burglary", said="never published")
    page = (await scene.browser().get("/")).text
    assert "The lights are out." in page
    assert "Ask the council." in page
    assert not any(
        word in page for word in (SECRET, "in private", "never published", "Burglary", "Queensway", meeting.title or "", "mosques to")
    )


async def test_nothing_sensitive_is_published_even_when_it_was_before(scene: Scene) -> None:
    shown = state(Concern, scene.force, category="drugs", publication=SAID)
    promise = state(
        Action,
        scene.force,
        owner_role="Chief Constable",
        standing=True,
        publication={"we_promised": "patrol", "published_at": SAID["published_at"]},
    )
    await scene.world.tell(e.ConcernPublished(shown), e.ActionPublished(promise))
    assert "The lights are out." in (await scene.browser().get("/")).text
    sensitive = {"version": 2, "sensitive": True}
    await scene.world.tell(e.ConcernAmended(shown.model_copy(update=sensitive)), e.ActionAmended(promise.model_copy(update=sensitive)))
    page = (await scene.browser().get("/")).text
    assert "Nothing published yet" in page
    assert not any(word in page for word in ("lights", "Patrol", "Chief Constable", "Drugs"))


async def test_only_public_meetings_to_come_are_on_the_public_page(scene: Scene) -> None:
    planned = {"kind": "public_meeting", "status": "scheduled", "starts_at": "2045-06-21T10:00:00.000Z"}
    others: dict[str, dict[str, Any]] = {
        "Open to all": {"visibility": "public"},
        "For members": {"visibility": "internal"},
        "In the list": {"visibility": "listed_only"},
        "In confidence": {"visibility": "public", "sensitive": True},
        "Long gone": {"visibility": "public", "starts_at": "2045-06-01T10:00:00.000Z"},
        "Called off": {"visibility": "public", "status": "cancelled"},
    }
    for title, facts in others.items():
        await scene.world.tell(e.MeetingScheduled(state(Meeting, scene.force, title=title, **planned | facts)))
    page = (await scene.browser().get("/")).text
    assert "Open to all" in page
    assert "Wednesday 21 June 2045, 11am" in page
    assert not any(title in page for title in ("For members", "In the list", "In confidence", "Long gone", "Called off"))


async def test_the_public_page_can_be_narrowed(scene: Scene) -> None:
    here = state(Neighbourhood, scene.force, name="Bradford West")
    await scene.world.tell(e.NeighbourhoodRegistered(here))
    await scene.concern(category="road-safety", neighbourhood_id=here.id, publication=SAID)
    await scene.concern(category="drugs", publication=SAID | {"you_said": "dealing in the park"})
    browser, force = scene.browser(), scene.force
    everything = (await browser.get("/", params={"force": force})).text
    near = (await browser.get("/", params={"force": force, "neighbourhood": here.id})).text
    about = (await browser.get("/", params={"force": force, "about": "drugs"})).text
    nothing = (await browser.get("/", params={"force": force, "neighbourhood": here.id, "about": "drugs"})).text
    assert f'<option value="{here.id}">Bradford West</option>' in everything
    assert [("lights are out" in page, "Dealing in the park" in page) for page in (everything, near, about, nothing)] == [
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    ]
    assert "Nothing published matches" in nothing
    assert (await browser.get("/", params={"force": "nowhere"})).status_code == 404


def _without_nonce(page: str) -> str:
    return "".join(part.partition('"')[2] for part in page.split('nonce="'))
