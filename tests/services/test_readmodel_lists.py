"""Lists: filters over clear fields, newest first and undated last, cursors, search, sheets."""

import csv
import io
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta

import pytest

from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from readmodel.projections import MODELS, bucket
from tests.builders import NOW
from tests.conftest import Place
from tests.services.readmodel_world import World, put, state, world


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


async def test_meetings_come_newest_first_and_those_without_a_date_last(there: World) -> None:
    undated = await put(there, Meeting, status="held", starts_at="2025-05-01T18:00:00Z")
    march = await put(there, Meeting, status="held", held_on="2025-03", held_from="2025-03-01", held_to="2025-03-31")
    may = await put(there, Meeting, status="held", held_on="2025-05-06", held_from="2025-05-06", held_to="2025-05-06")
    planned = await put(there, Meeting, status="scheduled", starts_at="2025-06-03T17:00:00Z")
    put_off = await put(there, Meeting, status="postponed")

    assert await there.ids("/meetings") == [planned, may, march, undated, put_off]


PERIODS: Mapping[str, set[str]] = {
    "from=2025-03-15": {"march", "may"},
    "from=2025-03-15&to=2025-03-16": {"march"},
    "to=2025-03-01": {"march"},
    "to=2025-02": set(),
    "from=2025-04&to=2025-04-30": set(),
    "from=2025-05-01&to=2025-05": {"may"},
    "": {"march", "may", "undated"},
}


async def test_a_period_finds_what_may_have_been_in_it(there: World) -> None:
    names = {
        await put(there, Meeting, status="held", held_on="2025-03", held_from="2025-03-01", held_to="2025-03-31"): "march",
        # Half past eleven in the evening in universal time is the next day in London's summer.
        await put(there, Meeting, status="scheduled", starts_at="2025-04-30T23:30:00Z"): "may",
        await put(there, Meeting, status="held"): "undated",
    }

    for period, found in PERIODS.items():
        assert {names[each] for each in await there.ids(f"/meetings?{period}")} == found, period


async def test_a_cursor_goes_through_everything_once_while_records_come(there: World) -> None:
    dates = [None, "2025-05-06", "2025-05-06", "2025-05-06", "2025-04-01", None, "2025-03-02"]
    made = [await put(there, Concern, category="drugs", raised_on=day, raised_from=day, raised_to=day, recorded_late=True) for day in dates]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = await there.read(f"/concerns?limit=2{cursor and '&cursor=' + cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        await put(there, Concern, category="drugs", raised_on="2025-06-01", raised_from="2025-06-01", raised_to="2025-06-01")

    assert sorted(seen) == sorted(made)
    assert len(seen) == len(set(seen))


MISUNDERSTOOD: Mapping[str, str] = {
    "cursor=abc": "cursor",
    "cursor=W10": "cursor",
    "cursor=%C3%A9": "cursor",
    "cursor=WzEsMiwzXQ": "cursor",
    "category=drugs&catgory=drugs": "catgory",
    "limit=0": "limit",
    "limit=201": "limit",
    "from=2025-13": "from",
    "from=6 May 2025": "from",
    "from=2025-05&to=2025-04": "to",
    "sensitive=perhaps": "sensitive",
    "q=": "q",
    "q=%20": "q",
    "meeting=": "meeting",
}


async def test_a_query_that_is_not_understood_is_refused_by_the_name_of_what_is_wrong(there: World) -> None:
    for query, parameter in MISUNDERSTOOD.items():
        response = await there.ask(f"/concerns?{query}", "reader")

        assert response.status_code == 422, query
        assert [error["parameter"] for error in response.json()["errors"]] == [parameter]


async def test_a_force_that_is_not_granted_is_judged_before_the_rest_of_the_query(there: World) -> None:
    response = await there.ask("/concerns?force=kent&limit=0", "reader")

    assert response.status_code == 403


async def test_each_record_is_opened_as_far_as_its_reader_may_read_in_its_force(there: World) -> None:
    other = there.place.add_force()
    await there.runtime.registry.refresh()
    for force in (there.force, other):
        await put(there, Concern, force=force, category="drugs", said="dealing in the park")
        await put(there, Concern, force=force, category="community-tension", said="fear of a march", sensitive=True)

    page = await there.read("/concerns?limit=200", f"{there.force}:sensitive_reader", f"{other}:subscriber")

    said = {(item["force"], item["sensitive"]): item.get("said", "hidden") for item in page["items"]}
    assert said == {
        (there.force, False): "dealing in the park",
        (there.force, True): "fear of a march",
        (other, False): "hidden",
        (other, True): "hidden",
    }
    assert [item.get("category") for item in page["items"] if item["force"] == other and item["sensitive"]] == [None]


async def test_words_are_searched_in_every_force_that_is_granted_and_all_of_them_must_be_there(there: World) -> None:
    other, foreign = there.place.add_force(), there.place.add_force()
    await there.runtime.registry.refresh()
    here = await put(there, Meeting, title="Briefing of the mosques", starts_at="2025-05-01T18:00:00Z")
    beside = await put(there, Meeting, force=other, title="The mosques of the county", starts_at="2025-05-02T18:00:00Z")
    await put(there, Meeting, force=foreign, title="Mosques")
    grants = (f"{there.force}:reader", f"{other}:reader")

    assert await there.ids("/meetings?q=mosques", *grants) == [beside, here]
    assert await there.ids("/meetings?q=mosques briefing", *grants) == [here]
    assert await there.ids('/meetings?q=mosques -"briefing', *grants) == []
    assert await there.ids("/meetings?q=mosques&from=2025-05-02", *grants) == [beside]


async def test_erased_records_are_in_no_list(there: World) -> None:
    made = state(Concern, there.force, category="drugs")
    await there.tell(e.ConcernRaised(made))
    await there.tell(e.ConcernErased(made.next(erased_at=NOW)))

    assert await there.ids("/concerns") == []


async def test_a_list_is_a_sheet_for_those_who_ask_for_one(there: World) -> None:
    await put(there, Organisation, name="=HYPERLINK(1)", visiting_guidance=["Shoes off, please", 'Say "salaam"'], registered_at=NOW)
    await put(there, Organisation, name="Cathedral", registered_at=NOW - timedelta(days=1))

    response = await there.ask("/organisations?limit=1", "reader", accept="text/csv")

    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["link"].startswith("<?limit=1&cursor=")
    [row] = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert (row["name"], row["visiting_guidance"], row["sensitive"]) == ("'=HYPERLINK(1)", 'Shoes off, please; Say "salaam"', "false")


async def test_someone_without_a_grant_for_a_registered_force_is_refused_every_list(there: World) -> None:
    await put(there, Concern, category="drugs")

    for grants in ([], ["gotham:reader"]):
        headers = {"Authorization": f"Bearer {there.token(*grants)}"}
        for path in (*(model.collection for model in MODELS), "summary", "coverage", "events"):
            assert (await there.client.get(f"/v1/{path}", headers=headers)).status_code == 403, (path, grants)


async def test_lists_and_figures_agree_on_which_records_have_a_date(there: World) -> None:
    days, instants, flags = (None, "2025-05-06"), (None, "2025-05-06T18:00:00Z"), (False, True)
    made: dict[str, tuple[type[State], bool]] = {}
    for day, at, late in itertools.product(days, instants, flags):
        dated = {"held_on": day, "held_from": day, "held_to": day, "starts_at": at, "recorded_late": late}
        raised = {"raised_on": day, "raised_from": day, "raised_to": day, "raised_at": at, "recorded_late": late}
        for kind, facts in (
            (Meeting, dated | {"status": "held"}),
            (Meeting, {"status": "scheduled", "starts_at": at, "recorded_late": late}),
            (Concern, raised),
            (Action, {"opened_at": at, "recorded_late": late}),
            (Feedback, {"received_at": at, "recorded_late": late}),
            (Organisation, {"registered_at": at}),
            (Neighbourhood, {"registered_at": at}),
        ):
            known = bucket(kind, state(kind, there.force, **facts).opened()) is not None
            made[await put(there, kind, **facts)] = (kind, known)

    for model in MODELS:
        own = {subject: known for subject, (of, known) in made.items() if of is model}
        listed = await there.ids(f"/{model.collection}?limit=200")
        assert sorted(listed) == sorted(own)
        assert [own[subject] for subject in listed] == sorted(own.values(), reverse=True)
        assert set(await there.ids(f"/{model.collection}?limit=200&from=1900-01-01")) == {
            subject for subject, known in own.items() if known
        }
