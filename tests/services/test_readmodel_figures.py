"""Summaries, coverage, what needs attention, and what anyone may see."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import Gauge

from chassis import metrics
from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.dates import instant
from contracts.meeting import Meeting
from contracts.places import Neighbourhood, Organisation
from readmodel.access import Reader
from readmodel.gauges import measure
from readmodel.parts import parts
from readmodel.store import Store
from readmodel.views import attention, figures, public
from tests.builders import NOW, new_id
from tests.conftest import Place
from tests.services.readmodel_world import World, state, world

LATER = NOW + timedelta(days=10)


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        made.runtime.clock = lambda: LATER
        yield made


def store(there: World) -> Store:
    return parts(there.runtime).store


def held(there: World, day: str | None, *organisations: Organisation, **facts: Any) -> e.MeetingHeld:
    named = [{"organisation_id": each.id} for each in organisations]
    known = {"attendance": {"named": named}, "held_on": day, "held_from": day, "held_to": day}
    return e.MeetingHeld(state(Meeting, there.force, status="held", kind="iag", **known | facts))


def concern(there: World, **facts: Any) -> Concern:
    return state(Concern, there.force, **{"category": "drugs", "raised_at": NOW, "response_due": NOW + timedelta(days=3)} | facts)


async def test_a_summary_adds_the_buckets_that_overlap_a_period(there: World) -> None:
    march = {"held_on": "2025-03", "held_from": "2025-03-01", "held_to": "2025-03-31"}
    await there.tell(held(there, "2025-05-06"), held(there, None), held(there, None, **march))

    for query, number in {"": 3, "from=2025-03-20&to=2025-05-05": 1, "from=2025-05-06": 1, "to=2025-05": 2, "from=2026-01": 0}.items():
        found = await there.read(f"/summary?{query}")
        assert found["total"]["meetings"]["held"] == number, query
        assert found["by_force"][there.force]["meetings"]["held"] == number


async def test_what_is_overdue_or_unanswered_is_counted_now_and_sensitive_records_are_not(there: World) -> None:
    answered, unanswered, closed = concern(there), concern(there, responded_at=NOW), concern(there, status="resolved")
    secret = concern(there, sensitive=True)
    late = state(Action, there.force, answers=[answered.id], due_on="2025-05-07", opened_at=NOW)
    due = state(Action, there.force, due_on="2025-05-16", opened_at=NOW)
    await there.tell(*(e.ConcernRaised(each) for each in (answered, unanswered, closed, secret)), e.ActionOpened(late), e.ActionOpened(due))

    found = await there.read("/summary")

    assert found["total"]["now"] == {"organisations_met": 0, "first_response_overdue": 1, "actions_overdue": 1, "nothing_promised": 1}
    assert (found["total"]["concerns"]["raised"], found["total"]["concerns"]["sensitive"]) == (3, 1)
    assert "community" not in str(found)


async def test_promises_are_looked_up_in_parts_and_those_of_another_force_are_none(there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = there.place.add_force()
    await there.runtime.registry.refresh()
    ours = [concern(there) for _ in range(5)]
    theirs = [state(Concern, other, id=each.id, category="drugs") for each in ours]
    both = state(Action, there.force, answers=[ours[0].id, ours[3].id], opened_at=NOW)
    await there.tell(*map(e.ConcernRaised, ours), e.ActionOpened(both))
    await there.tell(*map(e.ConcernRaised, theirs), e.ActionOpened(state(Action, other, answers=[ours[1].id], opened_at=NOW)))
    monkeypatch.setattr(figures, "_SOUGHT_AT_ONCE", 2)

    found = await figures.nothing_promised(store(there), {"force": {"$in": [there.force, other]}})

    assert found == {there.force: 3, other: 4}


async def test_a_concern_that_is_opened_again_is_unanswered_again(there: World) -> None:
    raised = concern(there)
    closed = raised.next(status="resolved", closed_at=NOW)
    again = closed.next(status="raised", closed_at=None)
    for event, number in ((e.ConcernRaised(raised), 1), (e.ConcernClosed(closed), 0), (e.ConcernReopened(again), 1)):
        await there.tell(event)
        assert (await there.read("/summary"))["total"]["now"]["nothing_promised"] == number, event.type


async def test_months_are_in_order_and_what_has_none_comes_last(there: World) -> None:
    await there.tell(held(there, "2025-05-06"), held(there, None), held(there, "2025-04-30"), held(there, "2025-05-20"))

    months = await figures.by_month(store(there), [there.force], None, None)

    assert [(each.month, each.figures.meetings.held) for each in months] == [("2025-04", 1), ("2025-05", 2), (None, 1)]


async def test_a_summary_holds_granted_forces_alone(there: World) -> None:
    foreign = there.place.add_force()
    await there.runtime.registry.refresh()
    await there.tell(held(there, "2025-05-06"), e.ConcernRaised(state(Concern, foreign, category="drugs")))

    found = await there.read("/summary")

    assert list(found["by_force"]) == [there.force]
    assert found["total"]["concerns"]["raised"] == 0


async def test_coverage_tells_whom_a_force_has_not_met_first(there: World) -> None:
    town = state(Neighbourhood, there.force, name="Kettering Town")
    never, mosque, church, undated = (
        state(Organisation, there.force, name=name, strand=strand, neighbourhood_id=where)
        for name, strand, where in (
            ("Temple", "hindu", town.id),
            ("Mosque", "muslim", town.id),
            ("Church", "christian", None),
            ("School", None, None),
        )
    )
    twice = state(Organisation, there.force, name="Mosque (again)", status="merged", merged_into=mosque.id)
    known = [e.OrganisationRegistered(each) for each in (never, mosque, church, undated)] + [e.OrganisationMerged(twice)]
    await there.tell(e.NeighbourhoodRegistered(town), *known)
    await there.tell(
        held(there, "2025-05-06", church), held(there, "2024-01-02", mosque), held(there, "2024-02-03", twice), held(there, None, undated)
    )
    planned = {"status": "scheduled", "attendance": {"named": [{"organisation_id": never.id}]}}
    await there.tell(
        held(there, "2025-05-05", attendance={"organisations_total": 11}), e.MeetingScheduled(state(Meeting, there.force, **planned))
    )

    found = await there.read("/coverage")

    assert [(each["name"], each["met"], each["last_contact"]) for each in found["organisations"]] == [
        ("Temple", False, None),
        ("School", True, None),
        ("Mosque", True, "2024-02-03"),
        ("Church", True, "2025-05-06"),
    ]
    assert found["by_strand"]["muslim"] == {"known": 1, "met": 1, "never_met": 0}
    reach = {each["name"]: (each["known"], each["met"], each["never_met"]) for each in found["by_neighbourhood"]}
    assert reach == {None: (2, 2, 0), "Kettering Town": (2, 1, 1)}
    assert found["met_not_named"] == 11
    assert (await there.read("/summary?from=2024-02&to=2025-05"))["total"]["now"]["organisations_met"] == 2


async def test_what_needs_attention_comes_worst_first(there: World) -> None:
    worse, bad = concern(there, response_due=NOW), concern(there, response_due=NOW + timedelta(hours=1), sensitive=True, said="fear")
    late = state(Action, there.force, answers=[worse.id], due_on="2025-05-07", opened_at=NOW)
    await there.tell(e.ConcernRaised(worse), e.ConcernRaised(bad), e.ActionOpened(late))

    found = await attention.of(store(there), Reader("ada", {there.force: frozenset()}), [], now=LATER)

    assert [each["id"] for each in found.overdue_responses] == [worse.id, bad.id]
    assert [each["id"] for each in found.overdue_actions] == [late.id]
    assert [each["id"] for each in found.nothing_promised] == [bad.id]
    assert "fear" not in str(found)


async def test_sensitive_records_that_need_attention_are_counted_beyond_those_that_are_listed(there: World) -> None:
    await there.tell(*(e.ConcernRaised(concern(there, sensitive=True)) for _ in range(3)), e.ConcernRaised(concern(there)))
    await there.tell(e.ActionOpened(state(Action, there.force, due_on="2025-05-07", opened_at=NOW, sensitive=True)))

    found = await attention.of(store(there), Reader("ada", {there.force: frozenset()}), [], limit=1, now=LATER)

    assert (len(found.overdue_responses), found.sensitive) == (1, attention.Sensitive(3, 1, 3))


async def test_of_an_organisation_met_in_a_month_the_day_is_not_made_up(there: World) -> None:
    names = ("Mosque", "Church", "Temple")
    mosque, church, temple = (state(Organisation, there.force, name=name) for name in names)
    twice = state(Organisation, there.force, status="merged", merged_into=temple.id)
    await there.tell(*(e.OrganisationRegistered(each) for each in (mosque, church, temple)), e.OrganisationMerged(twice))
    month = {"held_on": "2025-02", "held_from": "2025-02-01", "held_to": "2025-02-28"}
    await there.tell(held(there, None, mosque, **month), held(there, "2025-02-27", church), held(there, "2025-03-01", twice))

    found = (await there.read("/coverage"))["organisations"]

    assert [(each["name"], each["last_contact"]) for each in found] == [
        ("Church", "2025-02-27"),
        ("Mosque", "2025-02"),
        ("Temple", "2025-03-01"),
    ]


async def test_gauges_count_what_is_overdue_in_each_force(there: World) -> None:
    other = there.place.add_force()
    await there.runtime.registry.refresh()
    await there.tell(e.ConcernRaised(concern(there)), e.ConcernRaised(concern(there, sensitive=True)))
    await there.tell(e.ActionOpened(state(Action, other, due_on="2025-05-07", opened_at=NOW)))

    await measure(there.runtime)

    counted = {
        force: (value(metrics.first_response_overdue, force), value(metrics.actions_overdue, force)) for force in (there.force, other)
    }
    assert counted == {there.force: (1, 0), other: (0, 1)}


async def test_anyone_sees_published_words_and_nothing_else(there: World) -> None:
    said = concern(
        there, said="sealed words", publication={"you_said": "Streets feel unsafe", "published_at": NOW, "drafted_by": "press office"}
    )
    silent = concern(there, said="sealed words")
    kept = state(Action, there.force, answers=[said.id], commitment="sealed", publication={"we_did": "New lights", "published_at": NOW})
    alone = state(Action, there.force, standing=True, publication={"we_promised": "An open door", "published_at": NOW - timedelta(days=1)})
    await there.tell(e.ConcernPublished(said), e.ConcernRaised(silent), e.ActionPublished(kept), e.ActionPublished(alone))

    found = await public.published(store(there))
    elsewhere = await public.published(store(there), "kent")

    assert [(each.id, each.you_said, [promise.we_did or promise.we_promised for promise in each.promises]) for each in found] == [
        (said.id, "Streets feel unsafe", ["New lights"]),
        (None, None, ["An open door"]),
    ]
    assert not {"sealed", "press office", silent.id} & set(str(found).split("'"))
    assert elsewhere == []


async def test_public_meetings_to_come_are_soonest_first_and_others_stay_inside(there: World) -> None:
    def planned(when: datetime, **facts: Any) -> e.MeetingScheduled:
        return e.MeetingScheduled(state(Meeting, there.force, title="Surgery", starts_at=instant(when), **{"visibility": "public"} | facts))

    second, first = planned(LATER + timedelta(days=2)), planned(LATER + timedelta(days=1))
    inside, past = planned(LATER + timedelta(days=1), visibility="internal"), planned(NOW)
    secret, off = planned(LATER + timedelta(days=1), sensitive=True), planned(LATER + timedelta(days=1), status="cancelled")
    await there.tell(second, first, inside, past, secret, off)

    found = await public.upcoming(store(there), now=LATER)

    assert [each["id"] for each in found] == [first.state.id, second.state.id]


async def test_a_circle_of_mergers_is_no_endless_one(there: World) -> None:
    one, other = new_id(), new_id()
    for own, into in ((one, other), (other, one)):
        merged = Organisation.from_opened({"id": own, "force": there.force, "version": 1, "status": "merged", "merged_into": into})
        await there.tell(e.OrganisationMerged(merged), held(there, "2025-05-06", merged))

    assert (await there.read("/summary"))["total"]["now"]["organisations_met"] == 2
    assert (await there.read("/coverage"))["organisations"] == []


def value(gauge: Gauge, force: str) -> float:
    return next(sample.value for metric in gauge.collect() for sample in metric.samples if sample.labels == {"force": force})
