"""Which events a subscription is told of, and what may be entered of one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.codec import Message
from contracts.entry import Entry, PatchOf
from contracts.events import NeighbourhoodAmended
from notifications import domain
from notifications.domain import Hidden, Subscription, SubscriptionFacts, hide, matches

NOW = datetime(2025, 5, 6, 18, 30, tzinfo=UTC)
RAISED = "engagement.concern-raised.v1"
AREA = "0197a0c0-7b1e-7c3a-9f7e-3d2f5a6b7c8d"
ENTRY: TypeAdapter[SubscriptionFacts] = TypeAdapter(Entry[SubscriptionFacts])


def subscription(**facts: Any) -> Subscription:
    entered = ENTRY.validate_python({"url": "https://partner.example/hook"} | facts)
    return domain.subscribe(entered, subject="partner", force="kent", subscription_id=AREA, now=NOW, since={0: 7})


def event(event_type: str = RAISED, *, time: datetime = NOW, version: int = 1, **data: Any) -> Message:
    return Message("e", event_type, "concerns", time, {"id": "c", "force": "kent", "version": version, "category": "drugs"} | data)


def refusals(facts: dict[str, Any]) -> dict[tuple[str | int, ...], str]:
    with pytest.raises(ValidationError) as refused:
        ENTRY.validate_python({"url": "https://partner.example/hook"} | facts)
    return {error["loc"]: error["msg"] for error in refused.value.errors()}


def test_a_subscription_without_filters_is_told_of_everything_of_its_force() -> None:
    assert matches(subscription(), event())
    assert not matches(subscription(), event(force="essex"))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"types": [RAISED]}, True),
        ({"types": ["engagement.action-closed.v1"]}, False),
        ({"categories": ["drugs", "burglary"]}, True),
        ({"categories": ["burglary"]}, False),
        ({"neighbourhoods": [AREA]}, True),
        ({"neighbourhoods": [AREA.replace("0197", "0198")]}, False),
        ({"types": [RAISED], "categories": ["burglary"]}, False),
    ],
)
def test_every_filter_that_is_given_has_to_admit_the_event(facts: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert matches(subscription(**facts), event(neighbourhood_id=AREA)) is told


def test_an_event_without_a_category_is_not_among_those_that_a_category_asks_for() -> None:
    meeting = Message("e", "engagement.meeting-held.v1", "meetings", NOW, {"id": "m", "force": "kent", "version": 1})

    assert not matches(subscription(categories=["drugs"]), meeting)


def test_an_event_of_a_neighbourhood_is_in_that_neighbourhood() -> None:
    amended = Message("e", NeighbourhoodAmended.type, "meetings", NOW, {"id": AREA, "force": "kent", "version": 2})

    assert matches(subscription(neighbourhoods=[AREA]), amended)


def test_nobody_is_told_of_a_sensitive_event() -> None:
    assert not matches(subscription(), event(sensitive=True))


def test_a_subscription_begins_at_a_place_in_the_log_and_no_clock_has_a_say() -> None:
    assert not subscription().had_begun(0, 6)
    assert subscription().had_begun(0, 7)
    assert subscription().had_begun(1, 0)
    assert matches(subscription(), event(time=NOW - timedelta(hours=2)))


def test_nobody_is_told_of_something_older_that_only_came_again() -> None:
    assert not matches(subscription(), event(time=NOW - timedelta(hours=25)))


def test_a_disabled_subscription_is_told_of_nothing() -> None:
    assert not matches(subscription().disabled(NOW, "gone"), event())


def test_a_type_may_be_given_by_its_name_and_is_kept_in_full() -> None:
    before = subscription(types=["meeting-held", RAISED])
    after = PatchOf(SubscriptionFacts).read({"types": ["concern-raised"]}).apply(before)

    assert (before.types, after["types"]) == (("engagement.meeting-held.v1", RAISED), (RAISED,))


def test_an_unknown_type_is_refused_with_a_pointer() -> None:
    assert list(refusals({"types": ["engagement.tea-served.v1"]})) == [("types", 0)]


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"channel": "pigeon"}, ("channel",)),
        ({"url": None}, ("url",)),
        ({"url": "ftp://partner.example"}, ("url",)),
        ({"url": "https://partner.example/a b"}, ("url",)),
        ({"url": "https://partner.example\\@127.0.0.1/"}, ("url",)),
        ({"categories": ["noise"]}, ("categories", 0)),
        ({"neighbourhoods": ["soho"]}, ("neighbourhoods", 0)),
        ({"secret": "mine"}, ("secret",)),
    ],
)
def test_what_may_not_be_entered_is_refused_with_a_pointer(facts: dict[str, Any], pointer: tuple[str | int, ...]) -> None:
    assert list(refusals(facts)) == [pointer]


def test_a_patch_changes_what_it_names_and_takes_the_version_on() -> None:
    before = subscription(categories=["drugs"])
    patch = PatchOf(SubscriptionFacts).read({"categories": None, "types": [RAISED]})

    after = before.changed(NOW, **patch.apply(before))

    assert (after.categories, after.types, after.url, after.version) == ((), (RAISED,), before.url, 2)


def test_a_record_is_hidden_while_it_is_sensitive_and_for_ever_once_it_is_erased() -> None:
    sensitive = hide(None, event(version=2, sensitive=True))
    erased = hide(sensitive, event(version=4, erased_at="2025-05-06T18:30:00.000Z"))

    assert sensitive == Hidden(2)
    assert hide(sensitive, event(version=3)) is None
    assert hide(sensitive, event(version=1)) == sensitive
    assert erased == Hidden(4, erased=True)
    assert hide(erased, event(version=5)) == erased
