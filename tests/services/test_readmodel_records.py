"""Single records: read by role, waited for by version, and nothing that tells an absent one from one that is not granted."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from chassis.runtime import Runtime
from contracts import events as e
from contracts.concern import Concern
from contracts.sealing import open_block
from readmodel.parts import parts
from tests import builders
from tests.conftest import Place, eventually
from tests.services.readmodel_world import World, state, world

LISTS = ("meetings", "concerns", "actions", "organisations", "neighbourhoods", "feedback")


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


async def test_a_record_is_opened_by_role_and_says_its_version(there: World) -> None:
    secret = state(Concern, there.force, category="community-tension", said="fear of a march", sensitive=True)
    await there.tell(e.ConcernRaised(secret))

    opened = await there.ask(f"/concerns/{secret.id}", "sensitive_reader")
    redacted = await there.read(f"/concerns/{secret.id}", "reader")

    assert (opened.json()["said"], opened.json()["category"]) == ("fear of a march", "community-tension")
    assert (opened.headers["etag"], opened.headers["x-roundtable-version"]) == ('"1"', f"{secret.id}@1")
    assert redacted["sensitive"] is True
    assert not {"said", "category", "sealed", "_id", "priority"} & redacted.keys()


async def test_what_is_read_is_what_was_recorded(there: World) -> None:
    concern = builders.concern(there.force)
    [raised] = await there.tell(e.ConcernRaised(concern))

    shown = await there.read(f"/concerns/{concern.id}")

    assert shown == concern.opened() | {"last_event": raised.data["last_event"]}


async def test_a_record_whose_key_was_destroyed_shows_what_is_clear(there: World) -> None:
    concern = builders.concern(there.force)
    await there.tell(e.ConcernRaised(concern))
    await there.keys.destroy(there.sealing[concern.id].kid)

    shown = await there.read(f"/concerns/{concern.id}")

    assert shown["category"] == "drugs"
    assert "said" not in shown


async def test_a_block_that_was_tampered_with_hides_no_page(there: World) -> None:
    concern = builders.concern(there.force)
    raised, _ = await there.tell(e.ConcernRaised(concern), e.ConcernRaised(builders.concern(there.force)))
    await there.stored("concerns").update_one({"id": raised.subject}, {"$set": {"version": 7}})

    page = await there.read("/concerns")

    assert [("said" in item) for item in page["items"]].count(True) == 1
    assert open_block(raised.data, there.sealing[concern.id])["said"]


async def test_a_version_that_is_there_is_answered_at_once(there: World) -> None:
    concern = builders.concern(there.force)
    await there.tell(e.ConcernRaised(concern))
    began = time.monotonic()

    await there.read(f"/concerns/{concern.id}?min_version=1&wait=10s")

    assert time.monotonic() - began < 2


async def test_a_version_is_answered_as_soon_as_it_is_committed(there: World) -> None:
    concern = builders.concern(there.force)
    await there.tell(e.ConcernRaised(concern))
    waiting = asyncio.create_task(there.read(f"/concerns/{concern.id}?min_version=2&wait=10s"))
    await eventually(lambda: _someone_waits(there))

    await there.tell(e.ConcernProgressed(concern.next(status="in_progress")))

    assert (await asyncio.wait_for(waiting, 5))["version"] == 2


async def test_what_another_process_commits_is_found_by_looking_again(there: World) -> None:
    concern = builders.concern(there.force)
    waiting = asyncio.create_task(there.read(f"/concerns/{concern.id}?wait=10s"))
    await eventually(lambda: _someone_waits(there))
    [sent] = await there.tell(e.ConcernRaised(builders.concern(there.force)))

    await there.stored("concerns").insert_one({**sent.data, "_id": f"{there.force}:{concern.id}", "id": concern.id, "sealed": None})

    assert (await asyncio.wait_for(waiting, 5))["id"] == concern.id


async def test_an_older_version_is_a_504_to_those_who_may_see_it_and_a_404_to_all_others_after_the_same_time(there: World) -> None:
    concern = builders.concern(there.force)
    await there.tell(e.ConcernRaised(concern))
    foreign = there.place.add_force()
    await there.runtime.registry.refresh()
    asked = f"/concerns/{concern.id}?min_version=2&wait=400ms"

    answers = {}
    for name, grants in {"granted": ("reader",), "foreign": (f"{foreign}:reader",), "nobody": (), "every reader": ("*:reader",)}.items():
        began = time.monotonic()
        answers[name] = (await there.ask(asked, *grants)).status_code
        assert 0.4 <= time.monotonic() - began < 3, name
    began = time.monotonic()
    absent = await there.ask(f"/concerns/{builders.new_id()}?min_version=2&wait=400ms", "reader")

    assert answers == {"granted": 504, "foreign": 404, "nobody": 404, "every reader": 504}
    assert absent.status_code == 404
    assert time.monotonic() - began >= 0.4


async def test_a_grant_that_ends_while_one_waits_is_gone(there: World) -> None:
    concern = builders.concern(there.force)
    await there.tell(e.ConcernRaised(concern))
    waiting = asyncio.create_task(there.ask(f"/concerns/{concern.id}?min_version=2&wait=1s", "reader", subject="eve"))
    await eventually(lambda: _someone_waits(there))
    with there.place.engines.mongo.client() as client:
        grants = client[f"{there.place.prefix}registry"]["grants"]
        grants.insert_one({"_id": "eve", "subject": "eve", "force": there.force, "roles": [], "revoked_at": datetime.now(UTC)})
    await there.runtime.registry.refresh()

    await there.tell(e.ConcernProgressed(concern.next(status="in_progress")))

    assert (await waiting).status_code == 404


async def test_a_wait_that_cannot_be_understood_is_refused(there: World) -> None:
    for query, parameter in {
        "wait=11s": "wait",
        "wait=2": "wait",
        "wait=-1s": "wait",
        "min_version=0": "min_version",
        "waits=2s": "waits",
    }.items():
        response = await there.ask(f"/concerns/{builders.new_id()}?{query}", "reader")

        assert response.status_code == 422, query
        assert response.json()["errors"][0]["parameter"] == parameter


async def test_nobody_sees_anything_of_a_force_without_a_grant_in_it_now(there: World) -> None:
    """Every operation, every way of having no grant: another force's, none at all, one that was revoked, one in an unregistered force."""
    concern = builders.concern(there.force, meeting_id=(meeting := builders.meeting(there.force)).id)
    await there.tell(e.MeetingScheduled(meeting), e.ConcernRaised(concern))
    foreign = there.place.add_force()
    await there.runtime.registry.refresh()
    things = [f"/{name}/{concern.id if name == 'concerns' else meeting.id}" for name in LISTS] + [f"/meetings/{meeting.id}/chain"]
    views = [f"/{name}" for name in (*LISTS, "summary", "coverage", "events")]

    for grants in ((f"{foreign}:reader,sensitive_reader,recorder",), (), ("kent:reader",)):
        for path in things:
            assert (await there.ask(path, *grants)).status_code == 404, (path, grants)
        for path in views:
            assert (await there.ask(f"{path}?force={there.force}", *grants)).status_code == 403, (path, grants)
            unregistered = await there.ask(f"{path}?force=kent", *grants)
            assert (unregistered.status_code, unregistered.json()["type"]) == (403, "urn:roundtable:problem:not-granted"), path
            everything = await there.ask(path, *grants)
            assert there.force not in everything.text, (path, grants)


async def test_nothing_is_answered_without_a_token(there: World) -> None:
    for path in (*(f"/{name}" for name in LISTS), "/summary", "/coverage", "/events", f"/meetings/{builders.new_id()}/chain"):
        response = await there.client.get(f"/v1{path}")

        assert response.status_code == 401, path


async def _someone_waits(there: World) -> bool:
    return bool(parts(there.runtime).arrivals._waiting)
