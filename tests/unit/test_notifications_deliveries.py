"""The life of a delivery: when it is tried again, and when no more."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from chassis.batch import Received
from contracts.codec import Message
from notifications import domain
from notifications.channels.webhook import retry_after, signed
from notifications.delivery import SCHEDULE, Answer, Delivery, after, begin, ended, wait_after
from notifications.domain import SubscriptionFacts
from notifications.tell import deliveries

NOW = datetime(2025, 5, 6, 18, 30, tzinfo=UTC)
REFUSED = Answer(500)
SUBSCRIPTION = domain.subscribe(
    SubscriptionFacts(url="https://partner.example"), subject="partner", force="kent", subscription_id="s", now=NOW, since={0: 10}
)


def message(version: int = 1, **data: object) -> Message:
    clear = {"id": "c", "force": "kent", "version": version, "sealed": {"kid": "k", "nonce": "n", "ct": "x"}}
    return Message(f"e{version}", "engagement.concern-amended.v1", "concerns", NOW, clear | data)


def delivery() -> Delivery:
    return begin(SUBSCRIPTION, message(), NOW)


def tried(answers: list[Answer]) -> Delivery:
    current = delivery()
    for answer in answers:
        wait = wait_after(len(current.attempts) + 1, answer, 0)
        current = after(current, answer, NOW, wait)
    return current


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    waits = [wait_after(attempts, REFUSED, 0) for attempts in range(1, 11)]

    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    planned = [timedelta(seconds=5), 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
    assert waits == [*planned, None]


def test_chance_makes_a_wait_longer_and_never_shorter() -> None:
    assert SCHEDULE[2] < (wait_after(2, REFUSED, 1) or timedelta()) <= SCHEDULE[2] * 1.2


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_only_a_status_of_success_delivers(status: int) -> None:
    assert tried([Answer(status)]).status == "delivered"


@pytest.mark.parametrize("answer", [Answer(100), Answer(302), Answer(404), Answer(500), Answer(None, error="ReadTimeout")])
def test_anything_else_is_tried_again(answer: Answer) -> None:
    current = tried([answer])

    assert (current.status, current.next_attempt_at) == ("pending", NOW + SCHEDULE[1])
    assert (current.attempts[0].status_code, current.attempts[0].error) == (answer.status_code, answer.error)


def test_a_receiver_that_is_gone_is_not_asked_again() -> None:
    current = tried([Answer(410)])

    assert (current.status, current.next_attempt_at) == ("failed", None)


def test_ten_attempts_are_all() -> None:
    current = tried([REFUSED] * len(SCHEDULE))

    assert (current.status, len(current.attempts), current.attempts[-1].next_attempt_at) == ("failed", 10, None)


def test_a_receiver_that_names_a_time_is_left_alone_until_then() -> None:
    assert wait_after(1, Answer(503, retry_after=timedelta(minutes=2)), 0) == timedelta(minutes=2)
    assert wait_after(3, Answer(503, retry_after=timedelta(seconds=1)), 0) == timedelta(minutes=30)
    assert wait_after(1, Answer(503, retry_after=timedelta(days=9)), 0) == timedelta(days=1)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("99999999999999999999", timedelta(days=1)),
        ("Tue, 06 May 2025 18:31:00 GMT", timedelta(minutes=1)),
        ("Tue, 06 May 2025 18:29:00 GMT", timedelta()),
        ("-5", None),
        ("soon", None),
        ("\u0665", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, wait: timedelta | None) -> None:
    assert retry_after(header, NOW) == wait


def test_a_delivery_holds_the_event_without_its_sealed_block() -> None:
    event = delivery().event or {}

    assert delivery().id == "s:e1"
    assert event["data"] == {"id": "c", "force": "kent", "version": 1}
    assert (event["sequence"], event["subject"]) == ("0000000001", "c")


def test_a_delivery_that_ended_says_why() -> None:
    current = ended(delivery(), "The grant was revoked")

    assert (current.status, current.why, current.next_attempt_at) == ("ended", "The grant was revoked", None)


def test_the_signature_is_verified_by_the_library_and_covers_id_body_and_time() -> None:
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    headers = signed("s:e1", '{"a":1}', secret, datetime.now(UTC))

    assert Webhook(secret).verify('{"a":1}', headers) == {"a": 1}
    for body, changed in (('{"a":2}', {}), ('{"a":1}', {"webhook-id": "s:e2"})):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers | changed)


def logged(*messages: Message, offset: int = 10) -> list[Received]:
    return [Received(each, "engagement.kent", 0, offset) for each in messages]


def kinds(*messages: Message) -> list[str]:
    _, writes = deliveries(logged(*messages), {}, [SUBSCRIPTION], NOW)
    return [type(write).__name__ for write in writes]


def test_what_stood_in_the_log_before_the_subscription_makes_no_delivery() -> None:
    assert deliveries(logged(message(), offset=9), {}, [SUBSCRIPTION], NOW) == ({}, [])


def test_an_event_makes_one_delivery_that_a_repeat_leaves_alone() -> None:
    assert kinds(message()) == ["UpdateOne"]


def test_a_record_that_becomes_sensitive_takes_back_what_was_not_told() -> None:
    hidden, _ = deliveries(logged(message(2, sensitive=True)), {}, [SUBSCRIPTION], NOW)

    assert list(hidden) == ["kent:c"]
    assert kinds(message(), message(2, sensitive=True)) == ["UpdateOne", "UpdateMany", "UpdateMany"]
    assert kinds(message(2, sensitive=True), message(3, sensitive=True), message(4)) == ["UpdateMany", "UpdateMany", "UpdateOne"]


def test_an_erasure_purges_and_is_told_unless_the_record_was_sensitive() -> None:
    at = "2025-05-06T18:30:00.000Z"

    assert kinds(message(), message(2, erased_at=at)) == ["UpdateOne", "DeleteMany", "UpdateOne"]
    assert kinds(message(sensitive=True), message(2, erased_at=at)) == ["UpdateMany", "UpdateMany", "DeleteMany"]
