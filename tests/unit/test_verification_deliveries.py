"""What a verification finds of deliveries: one for each subscription and event that match, and no other."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chassis.batch import Received
from contracts import events as e
from contracts.codec import Message
from contracts.topics import topic
from notifications.domain import Subscription, SubscriptionFacts, subscribe
from readmodel.projections import Document
from roundtable.verification.telling import Telling, compare_grants
from tests import builders
from tests.unit.verifying import FORCE, NOW, life, sent, words

BEFORE = NOW - timedelta(hours=1)


def subscription(*, at: datetime = BEFORE, since: int = 0, **facts: Any) -> Subscription:
    asked = SubscriptionFacts(url="https://a.example/", **facts)
    return subscribe(asked, subject="partner", force=FORCE, subscription_id=builders.new_id(), now=at, since={0: since})


def deliveries(*pairs: tuple[Subscription, Message]) -> list[Document]:
    return [{"_id": f"{asked.id}:{message.id}", "subscription_id": asked.id, "status": "pending"} for asked, message in pairs]


def told_of(subscriptions: list[Subscription], messages: Iterable[Message], there: list[Document]) -> list[str]:
    telling = Telling(subscriptions)
    for offset, message in enumerate(messages):
        telling.add(Received(message, topic(FORCE), 0, offset))
    return words(telling.compare(there, FORCE, "deliveries"))


def test_one_for_each_event_that_matches_is_right_however_often_it_stands_in_the_log() -> None:
    asked, (first, second, third) = subscription(types=("engagement.concern-raised.v1",)), life()

    assert told_of([asked], [first, second, third, first], deliveries((asked, first))) == []


def test_of_what_stood_in_the_log_before_it_a_subscription_is_not_told_whatever_the_clocks_say() -> None:
    asked, (first, second, _) = subscription(since=1), life()

    assert told_of([asked], [first, second], deliveries((asked, second))) == []
    assert told_of([asked], [first, second], deliveries((asked, first), (asked, second))) == ["a delivery that nobody asked for"]


def test_one_that_was_added_and_one_that_is_missing_are_named() -> None:
    asked, (first, second, _) = subscription(types=("engagement.concern-raised.v1",)), life()

    assert told_of([asked], [first, second], deliveries((asked, second))) == [
        "a delivery that nobody asked for",
        f"no delivery of an event of {first.subject}",
    ]


def test_of_a_sensitive_record_nobody_is_told() -> None:
    asked, message = subscription(), sent(builders.concern_raised(FORCE, sensitive=True))

    assert told_of([asked], [message], []) == []
    assert told_of([asked], [message], deliveries((asked, message))) == ["a delivery that nobody asked for"]


def test_of_a_record_that_became_sensitive_what_came_before_may_be_told_and_need_not() -> None:
    """One that was parked, and redriven only after that, was told to nobody."""
    asked, concern = subscription(), builders.concern(FORCE)
    raised = sent(e.ConcernRaised(concern))
    hidden = sent(e.ConcernAmended(concern.next(sensitive=True)))

    assert told_of([asked], [raised, hidden], deliveries((asked, raised))) == []
    assert told_of([asked], [raised, hidden], []) == []
    assert told_of([asked], [raised, hidden], deliveries((asked, hidden))) == ["a delivery that nobody asked for"]


def test_of_an_erased_record_only_its_erasure_is_told() -> None:
    asked, concern = subscription(), builders.concern(FORCE)
    raised, erased = sent(e.ConcernRaised(concern)), sent(e.ConcernErased(concern.next(erased_at=NOW)))

    assert told_of([asked], [raised, erased], deliveries((asked, erased))) == []
    assert told_of([asked], [raised, erased], deliveries((asked, raised), (asked, erased))) == ["a delivery that nobody asked for"]


def test_of_a_subscription_that_was_changed_what_was_before_may_be_told_and_need_not() -> None:
    changed = subscription().changed(NOW + timedelta(hours=1), types=("engagement.action-opened.v1",))
    [message, *_], later = life(), sent(builders.concern_raised(FORCE), NOW + timedelta(hours=2))

    assert told_of([changed], [message], deliveries((changed, message))) == []
    assert told_of([changed], [message], []) == []
    assert told_of([changed], [later], deliveries((changed, later))) == ["a delivery that nobody asked for"]


def test_one_that_is_disabled_is_told_of_nothing_more() -> None:
    silent = subscription().disabled(NOW - timedelta(minutes=1), "gone")
    [message, *_] = life()

    assert told_of([silent], [message], []) == []
    assert told_of([silent], [message], deliveries((silent, message))) == ["a delivery that nobody asked for"]


def test_what_waits_for_an_owner_without_a_grant_is_named() -> None:
    asked, [message, *_] = subscription(), life()
    waiting = deliveries((asked, message))

    assert words(compare_grants(waiting, {asked.id: asked}, frozenset({"partner"}), FORCE, "deliveries")) == []
    assert words(compare_grants(waiting, {asked.id: asked}, frozenset(), FORCE, "deliveries")) == [
        "waits to be sent to an owner without a grant"
    ]
