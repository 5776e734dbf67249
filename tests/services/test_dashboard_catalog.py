"""What anyone finds without signing in: the catalogue of events, and every published concern however old."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chassis.runtime import Runtime
from contracts import events as e
from contracts.event import EVENTS
from contracts.places import Neighbourhood
from readmodel.parts import parts
from readmodel.views import public
from tests.conftest import Place
from tests.services.dashboard_scene import Scene, staged
from tests.services.readmodel_world import state, world


@pytest.fixture
async def scene(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Scene]:
    async with world(place, await runtimes("readmodel")) as made, staged(made) as scene:
        yield scene


async def test_the_catalogue_is_a_page_that_tells_every_event_with_its_meaning_schema_and_example(scene: Scene) -> None:
    answer = await scene.browser().get("/catalog", headers={"accept": "text/html,*/*;q=0.8"})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for event_type, event in EVENTS.items():
        assert event_type in answer.text
        assert str(event.__doc__).split("\n")[0] in answer.text
    assert 'href="/catalog/asyncapi.json"' in answer.text
    assert answer.text.count("&#34;specversion&#34;: &#34;1.0&#34;") == len(EVENTS)


async def test_the_catalogue_is_json_for_programs_and_leads_to_what_is_there(scene: Scene) -> None:
    answer = await scene.world.client.get("/catalog", headers={"accept": "application/json"})
    items = answer.json()["items"]

    assert {each["type"] for each in items} == EVENTS.keys()
    for each in items:
        schema, example = [await scene.world.client.get(each[name]) for name in ("schema_address", "example_address")]
        assert json.loads(schema.text)["$id"] == each["dataschema"]
        assert json.loads(example.text)["type"] == each["type"]
    assert (await scene.world.client.get(answer.json()["asyncapi"])).status_code == 200


async def test_an_old_publication_is_found_by_its_place_and_topic_behind_many_newer_ones(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readmodel.dashboard.pages.public.MOST", 2)
    town = state(Neighbourhood, scene.force, name="Kettering Town")
    old = {"you_said": "the lights are out", "published_at": "2045-01-01T10:00:00.000Z"}
    await scene.world.tell(e.NeighbourhoodRegistered(town))
    await scene.concern(category="burglary", neighbourhood_id=town.id, publication=old)
    for day in (1, 2, 3):
        await scene.concern(publication={"you_said": f"news {day}", "published_at": f"2045-06-0{day}T10:00:00.000Z"})
    browser, home = scene.browser(), f"/?force={scene.force}"

    everything = (await browser.get(home)).text

    assert "News 3." in everything
    assert "The lights are out." not in everything
    assert "Kettering Town" in everything
    for narrowed in ("&about=burglary", f"&neighbourhood={town.id}", f"&neighbourhood={town.id}&about=burglary"):
        page = (await browser.get(home + narrowed)).text
        assert "The lights are out." in page, narrowed
        assert "News" not in page, narrowed


async def test_a_new_promise_for_an_old_concern_stands_beside_it_and_never_alone(scene: Scene) -> None:
    said = {"you_said": "the lights are out", "published_at": "2045-01-01T10:00:00.000Z"}
    concern = await scene.concern(category="burglary", publication=said)
    await scene.concern(publication={"you_said": "news", "published_at": "2045-06-01T10:00:00.000Z"})
    await scene.promise(concern, publication={"we_promised": "new lights", "published_at": "2045-06-02T10:00:00.000Z"})
    store = parts(scene.world.runtime).store

    everything = await public.published(store, scene.force)
    about_drugs = await public.published(store, scene.force, category="drugs")

    assert [(each.you_said, [promise.we_promised for promise in each.promises]) for each in everything] == [
        ("news", []),
        ("the lights are out", ["new lights"]),
    ]
    assert [each.you_said for each in about_drugs] == ["news"]
