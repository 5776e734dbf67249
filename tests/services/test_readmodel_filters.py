"""Filters of the lists: each finds what it is asked for, over clear fields alone."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from chassis.runtime import Runtime
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from tests.builders import new_id
from tests.conftest import Place
from tests.services.readmodel_world import World, put, world

MOSQUE, TOWN, ROUND_TABLE, RAISED = (new_id() for _ in range(4))


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


FACTS: Mapping[type[State], dict[str, Any]] = {
    Meeting: {
        "status": "held",
        "kind": "iag",
        "series": "faith leaders",
        "visibility": "public",
        "neighbourhood_id": TOWN,
        "attendance": {"named": [{"organisation_id": MOSQUE}]},
        "title": "Round table with mosques",
    },
    Concern: {
        "status": "raised",
        "category": "hate-crime",
        "strand": "muslim",
        "priority": "high",
        "organisation_id": MOSQUE,
        "neighbourhood_id": TOWN,
        "meeting_id": ROUND_TABLE,
        "publication": {"you_said": "Streets feel unsafe after dark", "published_at": "2025-05-06T18:00:00Z"},
        "response_due": "2025-05-09T18:00:00Z",
    },
    Action: {
        "status": "open",
        "outcome": "completed",
        "owner_role": "Chief Constable",
        "organisation_id": MOSQUE,
        "neighbourhood_id": TOWN,
        "meeting_id": ROUND_TABLE,
        "answers": [RAISED],
        "standing": True,
        "due_on": "2025-05-01",
        "publication": {"we_promised": "One way in"},
    },
    Organisation: {
        "kind": "charity",
        "strand": "sikh",
        "neighbourhood_id": TOWN,
        "name": "Gurdwara",
        "visiting_guidance": ["Cover your head"],
    },
    Neighbourhood: {"name": "Kettering Town"},
    Feedback: {"meeting_id": ROUND_TABLE, "organisation_id": MOSQUE},
}
QUERIES: Mapping[type[State], list[str]] = {
    Meeting: [
        *("status=held", "kind=iag", "kind=other&kind=iag", "series=faith leaders", "visibility=public", f"neighbourhood={TOWN}"),
        *(f"organisation={MOSQUE}", "sensitive=false", "q=mosques", "q=ROUND mosques"),
    ],
    Concern: [
        *("status=raised", "category=hate-crime", "strand=muslim", "priority=high", f"organisation={MOSQUE}", f"neighbourhood={TOWN}"),
        *(f"meeting={ROUND_TABLE}", "sensitive=false", "overdue=true", "q=unsafe", "status=raised&overdue=true"),
    ],
    Action: [
        *("status=open", "outcome=completed", "owner=Chief Constable", f"organisation={MOSQUE}", f"neighbourhood={TOWN}"),
        *(f"meeting={ROUND_TABLE}", f"answers={RAISED}", "standing=true", "sensitive=false", "overdue=true", "q=chief"),
    ],
    Organisation: ["status=active", "kind=charity", "strand=sikh", f"neighbourhood={TOWN}", "q=gurdwara", "q=cover"],
    Neighbourhood: ["q=kettering"],
    Feedback: [f"meeting={ROUND_TABLE}", f"organisation={MOSQUE}", "sensitive=false"],
}


async def test_every_filter_finds_what_it_is_asked_for_and_nothing_else(there: World) -> None:
    for model, facts in FACTS.items():
        wanted = await put(there, model, **facts)
        await put(there, model, status="other", sensitive=True)

        for query in QUERIES[model]:
            assert await there.ids(f"/{model.collection}?{query}", "sensitive_reader") == [wanted], query
        assert len(await there.ids(f"/{model.collection}")) == 2


async def test_a_sensitive_record_is_found_by_what_is_clear_and_by_nothing_that_is_sealed_for_anybody(there: World) -> None:
    facts = {
        "category": "community-tension",
        "organisation_id": MOSQUE,
        "neighbourhood_id": TOWN,
        "strand": "muslim",
        "locality": "Wellingborough",
    }
    secret = await put(there, Concern, meeting_id=ROUND_TABLE, sensitive=True, raised_at="2025-05-06T18:00:00Z", **facts)

    for query in ("category=community-tension", f"organisation={MOSQUE}", f"neighbourhood={TOWN}", "strand=muslim", "q=wellingborough"):
        assert await there.ids(f"/concerns?{query}", "sensitive_reader") == [], query
    for query in ("sensitive=true", "status=raised", f"meeting={ROUND_TABLE}", "from=2025-05-06&to=2025-05-06"):
        assert await there.ids(f"/concerns?{query}", "reader") == [secret], query
