"""What every list can be asked alike, and how it answers where its records know nothing of that."""

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from readmodel.projections import MODELS
from tests.builders import new_id
from tests.conftest import Place
from tests.services.readmodel_world import World, put, state, world

SHARED: Mapping[str, str] = {
    "from": "2025-05",
    "to": "2025-05",
    "status": "nowhere",
    "kind": "iag",
    "category": "drugs",
    "organisation": new_id(),
    "neighbourhood": new_id(),
    "q": "mosques",
}


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


async def test_every_list_takes_the_shared_filters_and_ignores_none_of_them(there: World) -> None:
    for model in MODELS:
        made = await put(there, model)
        assert await there.ids(f"/{model.collection}?force={there.force}&limit=10") == [made]
        for name, value in SHARED.items():
            assert await there.ids(f"/{model.collection}?{name}={value}") == [], (model, name)
        assert (await there.ask(f"/{model.collection}?colour=blue", "reader")).status_code == 422


async def test_an_organisation_and_a_neighbourhood_are_found_by_their_own_ids(there: World) -> None:
    for model, name in ((Organisation, "organisation"), (Neighbourhood, "neighbourhood")):
        made, _ = await put(there, model), await put(there, model)

        assert await there.ids(f"/{model.collection}?{name}={made}") == [made]


async def test_what_is_not_overdue_is_all_the_rest(there: World) -> None:
    late = await put(there, Concern, response_due="2025-05-09T18:00:00Z")
    rest = {await put(there, Concern), await put(there, Concern, response_due="2999-05-09T18:00:00Z")}
    owed = await put(there, Action, due_on="2025-05-01")
    standing = await put(there, Action, standing=True)

    assert (await there.ids("/concerns?overdue=true"), set(await there.ids("/concerns?overdue=false"))) == ([late], rest)
    assert (await there.ids("/actions?overdue=true"), await there.ids("/actions?overdue=false&status=open")) == ([owed], [standing])


async def test_an_organisation_is_found_under_the_names_that_were_merged_into_it(there: World) -> None:
    stays = state(Organisation, there.force)
    merged = state(Organisation, there.force, status="merged", merged_into=stays.id)
    before = state(Organisation, there.force, status="merged", merged_into=merged.id)
    await there.tell(*(e.OrganisationRegistered(each) for each in (stays, merged, before)))
    facts: Mapping[type[State], Callable[[str], dict[str, Any]]] = {
        Meeting: lambda subject: {"attendance": {"named": [{"organisation_id": subject}]}},
        Concern: lambda subject: {"organisation_id": subject},
        Feedback: lambda subject: {"organisation_id": subject},
    }

    for model, fact in facts.items():
        made = [await put(there, model, **fact(each.id)) for each in (stays, merged, before)]
        assert set(await there.ids(f"/{model.collection}?organisation={stays.id}")) == set(made)
        assert set(await there.ids(f"/{model.collection}?organisation={before.id}")) == {made[2]}


async def test_a_single_word_is_found_in_its_other_forms_and_several_only_together(there: World) -> None:
    muslim = await put(there, Organisation, name="Muslim association")
    await put(there, Organisation, name="Hindu association")

    assert await there.ids("/organisations?q=muslims") == [muslim]
    assert await there.ids("/organisations?q=Muslim association") == [muslim]
    assert await there.ids("/organisations?q=-hindu") == []


@pytest.mark.parametrize("query", ["limit=1&limit=2", "q=a&q=b", "organisation=a&organisation=a", "from=2025&from=2025-05", "x=1&x=2"])
async def test_a_parameter_that_is_given_once_may_not_stand_twice(there: World, query: str) -> None:
    response = await there.ask(f"/meetings?{query}", "reader")

    assert (response.status_code, [error["parameter"] for error in response.json()["errors"]]) == (422, [query.split("=", maxsplit=1)[0]])


async def test_no_question_takes_one_parameter_twice(there: World) -> None:
    meeting = await put(there, Meeting)
    for path in (
        f"meetings/{meeting}?wait=1s&wait=2s",
        "summary?to=2025&to=2025",
        f"meetings/{meeting}/chain?a=1&a=2",
        "events?after=a&after=b",
    ):
        assert (await there.ask(f"/{path}", "reader")).status_code == 422, path
    for path in ("meetings?status=held&status=scheduled", "coverage?force={0}&force={0}", "events?type=meeting-held&type=concern-raised"):
        assert (await there.ask(f"/{path.format(there.force)}", "reader")).status_code == 200, path


async def test_the_next_sheet_is_asked_for_with_every_filter_of_this_one(there: World) -> None:
    wanted = [await put(there, Concern, category=each) for each in ("drugs", "burglary", "drugs")]
    await put(there, Concern, category="hate-crime")
    await put(there, Concern, category="drugs", sensitive=True)
    query, seen = "?category=drugs&category=burglary&sensitive=false&overdue=false&limit=1", list[str]()

    while query:
        response = await there.ask(f"/concerns{query}", "reader", accept="text/csv")
        seen += [row["id"] for row in csv.DictReader(io.StringIO(response.text, newline=""))]
        found = re.search(r'<(.*)>; rel="next"', response.headers.get("link", ""))
        query = found[1] if found else ""

    assert sorted(seen) == sorted(wanted)


async def test_events_are_asked_for_by_types_that_exist(there: World) -> None:
    for name in ("tea-served", "engagement.tea-served.v1", "concern-raised.v1", ""):
        response = await there.ask(f"/events?type=concern-raised&type={name}", "reader")

        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (422, "type.1"), name
