"""Every query of the read model uses an index, and reads hardly more than it shows: MongoDB's own profiler is the witness."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from chassis.runtime import Runtime
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from readmodel.access import Reader
from readmodel.gauges import measure
from readmodel.parts import parts
from readmodel.views import attention, public
from tests.builders import new_id
from tests.conftest import Place
from tests.services.readmodel_world import World, state, world

RECORDS = 300
AT = "2025-03-01T18:00:00.000Z"
SHOWN = 5
TOWN, MOSQUE = new_id(), new_id()
LINKS = [new_id() for _ in range(20)]
COARSE: Mapping[str, list[str]] = {
    "meetings": [
        "",
        "status=held",
        "kind=iag",
        "series=s",
        "visibility=public",
        f"neighbourhood={TOWN}",
        "sensitive=false",
        "from=2025-02-02&to=2025-03",
    ],
    "concerns": [
        *("", "status=raised", "category=drugs", "strand=muslim", "priority=high", f"neighbourhood={TOWN}", "sensitive=false"),
        "from=2025-02-02&to=2025-03",
    ],
    "actions": [
        *("", "status=open", "outcome=completed", "owner=Chief Constable", f"organisation={MOSQUE}", f"neighbourhood={TOWN}"),
        *("standing=true", "sensitive=false", "from=2025-02-02&to=2025-03"),
    ],
    "organisations": ["", "status=active", "kind=charity", "strand=sikh", f"neighbourhood={TOWN}"],
    "neighbourhoods": [""],
    "feedback": ["", f"organisation={MOSQUE}", "sensitive=false"],
}
FINE: Mapping[str, list[str]] = {
    "meetings": [f"organisation={LINKS[3]}", "q=kettering"],
    "concerns": [f"organisation={LINKS[3]}", f"meeting={LINKS[3]}", "overdue=true", "q=kettering"],
    "actions": [f"answers={LINKS[3]}", f"meeting={LINKS[3]}", "overdue=true", "q=kettering"],
    "organisations": ["q=kettering"],
    "neighbourhoods": ["q=kettering"],
    "feedback": [f"meeting={LINKS[3]}"],
}


def facts(number: int) -> dict[type[State], dict[str, Any]]:
    """Of each kind one record, with every field that is filtered on; one in ten matches coarse filters."""
    rare, link = number % 10 == 0, LINKS[number % len(LINKS)]
    day, at = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}", f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}T18:00:00Z"
    area, word = TOWN if rare else None, "Kettering" if number % 20 == 0 else "elsewhere"
    kept = {"publication": {"published_at": at}} if rare else {}
    dates = {"status": "held", "held_on": day, "held_from": day, "held_to": day} if number % 3 else {"status": "scheduled", "starts_at": at}
    named = {"named": [{"organisation_id": link}]}
    return {
        Meeting: {"kind": "iag" if rare else "other", "series": "s" if rare else None, "visibility": "public" if rare else "internal"}
        | {"neighbourhood_id": area, "attendance": named, "title": word, **dates},
        Concern: {"category": "drugs" if rare else "other", "strand": "muslim" if rare else None, "priority": "high" if rare else "low"}
        | {"neighbourhood_id": area, "organisation_id": link, "meeting_id": link, "locality": word, "raised_at": at}
        | {"raised_on": day, "raised_from": day, "raised_to": day, "response_due": at if number % 20 == 0 else None, **kept},
        Action: {"outcome": "completed" if rare else None, "owner_role": "Chief Constable" if rare else word, "neighbourhood_id": area}
        | {"organisation_id": MOSQUE if rare else None, "answers": [link], "meeting_id": link, "opened_at": at, "standing": rare}
        | {"due_on": "2020-01-01" if number % 20 == 0 else None, "publication": {"we_promised": word, "published_at": at}},
        Organisation: {"kind": "charity" if rare else "other", "strand": "sikh" if rare else None, "neighbourhood_id": area}
        | {"name": word, "registered_at": at},
        Neighbourhood: {"name": word, "registered_at": at},
        Feedback: {"meeting_id": link, "organisation_id": MOSQUE if rare else None, "received_at": at},
    }


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        other = place.add_force()
        await made.runtime.registry.refresh()
        for model in facts(0):
            wires = [state(model, force, **facts(number)[model]).opened() for number in range(RECORDS) for force in (place.force, other)]
            await made.stored(model.collection).insert_many([{"_id": f"{wire['force']}:{wire['id']}", **_clear(wire)} for wire in wires])
        yield made


async def test_every_list_is_read_in_the_order_of_an_index(there: World) -> None:
    for collection, queries in COARSE.items():
        for query in queries:
            with profiled(there) as operations:
                page = await there.read(f"/{collection}?limit={SHOWN}&{query}", "*:reader")
                await there.read(f"/{collection}?limit={SHOWN}&{query}&cursor={page['next']}", "*:reader")
            assert len(page["items"]) == SHOWN, (collection, query)
            for each in operations:
                assert "COLLSCAN" not in each["planSummary"], (collection, query, each["planSummary"])
                assert not each.get("hasSortStage"), (collection, query, each["planSummary"])
                assert each["docsExamined"] <= 3 * SHOWN, (collection, query, each["planSummary"], each["docsExamined"])


async def test_links_words_and_what_is_overdue_are_looked_up(there: World) -> None:
    for collection, queries in FINE.items():
        for query in queries:
            with profiled(there) as operations:
                page = await there.read(f"/{collection}?limit={SHOWN}&{query}", "*:reader")
            assert page["items"], (collection, query)
            for each in operations:
                assert "COLLSCAN" not in each["planSummary"], (collection, query, each["planSummary"])
                assert each["docsExamined"] <= RECORDS // 4, (collection, query, each["planSummary"], each["docsExamined"])


async def test_every_view_uses_indexes(there: World) -> None:
    store, meeting = parts(there.runtime).store, (await there.ids("/meetings?limit=1"))[0]

    with profiled(there) as operations:
        for path in (
            f"/meetings/{meeting}",
            f"/meetings/{meeting}/chain",
            "/summary",
            "/summary?from=2025-02&to=2025-03",
            "/coverage",
            "/events",
        ):
            await there.read(path, "*:reader")
        await public.published(store, there.force)
        await public.upcoming(store, there.force)
        await attention.of(store, Reader("ada", {there.force: frozenset()}), [there.force])
        await measure(there.runtime)

    assert operations
    for each in operations:
        assert "COLLSCAN" not in each["planSummary"], (each["ns"], each["planSummary"], each["command"])


async def test_what_needs_attention_now_is_found_without_all_that_has_ended(there: World) -> None:
    before = await _examined(there)
    ended = [
        state(Concern, there.force, status="resolved", closed_at=AT, responded_at=AT, response_due=AT).opened() for _ in range(3 * RECORDS)
    ]
    await there.stored("concerns").insert_many([{"_id": f"{wire['force']}:{wire['id']}", **_clear(wire)} for wire in ended])

    assert await _examined(there) == before


async def test_a_model_that_lacks_an_index_is_read_without_it(there: World) -> None:
    store = parts(there.runtime).store
    with there.place.engines.mongo.client() as client:
        client[f"{there.place.prefix}readmodel"][store.name_of("concerns")].drop_index("open")

    await store.look_for_indexes()

    assert (await there.read("/summary", f"{there.force}:reader"))["total"]["now"]["nothing_promised"] == RECORDS


async def _examined(there: World) -> list[tuple[int, int]]:
    """Keys and documents that each question about concerns looked at."""
    store = parts(there.runtime).store
    with profiled(there) as operations:
        await there.read("/summary", f"{there.force}:reader")
        await attention.of(store, Reader("ada", {there.force: frozenset()}), [there.force])
    about = [each for each in operations if each["ns"].endswith(f".{store.name_of('concerns')}")]
    assert about, {each["ns"] for each in operations}
    return sorted((each["keysExamined"], each["docsExamined"]) for each in about)


@contextmanager
def profiled(there: World) -> Iterator[list[dict[str, Any]]]:
    """What MongoDB did meanwhile in the read model's database."""
    with there.place.engines.mongo.client() as client:
        database = client[f"{there.place.prefix}readmodel"]
        database["system.profile"].drop()
        database.command("profile", 2)
        found: list[dict[str, Any]] = []
        try:
            yield found
        finally:
            database.command("profile", 0)
            done = database["system.profile"].find({"appName": "roundtable", "planSummary": {"$exists": True}})
            found += [each for each in done if not each["planSummary"].startswith("EOF")]


def _clear(wire: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wire.items() if name != "erased_at"}
