"""The life of a delivery: pending until a receiver takes it, with more and more time between attempts, or until it has failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from contracts.codec import Message
from contracts.fields import Instant
from notifications.domain import Subscription, clear

SCHEDULE: Final = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Time before each attempt, counted from the one before it (Standard Webhooks, "Deliverability and reliability")."""
JITTER: Final = 0.2
"""Share of the time before an attempt that chance may add to it, so that what failed together does not come back together."""


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True)
class Answer:
    """What a receiver made of an attempt: a status, or an error where none came."""

    status_code: int | None
    error: str | None = None
    retry_after: timedelta | None = None
    duration_ms: int = 0

    @property
    def taken(self) -> bool:
        """Whether the receiver has it: only 2xx says so."""
        return self.status_code is not None and HTTPStatus(200) <= self.status_code < HTTPStatus(300)

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status_code == HTTPStatus.GONE


class Attempt(BaseModel):
    """One attempt to deliver."""

    model_config = ConfigDict(extra="allow", frozen=True)

    at: Instant
    status_code: int | None = Field(None, description="Status that the receiver answered")
    error: str | None = Field(None, description="What kept an answer from coming")
    duration_ms: int = 0
    next_attempt_at: Instant | None = None


class Delivery(BaseModel):
    """One event on its way to one subscription, and everything that was tried."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str = Field(description="The `webhook-id` of every attempt")
    force: str
    subscription_id: str
    subject: str = Field(description="Aggregate that the event is of")
    status: str = DeliveryStatus.PENDING
    why: str | None = Field(None, description="Why it failed or ended")
    created_at: Instant
    next_attempt_at: Instant | None = None
    attempts: tuple[Attempt, ...] = ()
    event: dict[str, Any] | None = Field(None, description="The CloudEvent that is sent; none once its record is sensitive")


def begin(subscription: Subscription, message: Message, now: datetime) -> Delivery:
    """The delivery of an event to a subscription, due at once."""
    return Delivery(
        id=f"{subscription.id}:{message.id}",
        force=message.force,
        subscription_id=subscription.id,
        subject=message.subject,
        created_at=now,
        next_attempt_at=now,
        event=message.structured(clear(message)),
    )


def wait_after(attempts: int, answer: Answer, chance: float) -> timedelta | None:
    """How long to wait after so many attempts; None when there is no further one.

    Args:
        attempts: how many were made, the last one included.
        answer: what came of the last one. A receiver that names a time is not asked before it, within the longest wait.
        chance: from 0 to 1.
    """
    if answer.gone or attempts >= len(SCHEDULE):
        return None
    planned = SCHEDULE[attempts] * (1 + JITTER * chance)
    asked = min(answer.retry_after or timedelta(), SCHEDULE[-1])
    return max(planned, asked)


def after(delivery: Delivery, answer: Answer, at: datetime, wait: timedelta | None) -> Delivery:
    """The delivery after one more attempt, with the next one after `wait`."""
    again = None if answer.taken or wait is None else at + wait
    attempt = Attempt(at=at, status_code=answer.status_code, error=answer.error, duration_ms=answer.duration_ms, next_attempt_at=again)
    changes: dict[str, Any] = {"attempts": (*delivery.attempts, attempt), "next_attempt_at": again}
    return delivery.model_copy(update=changes | _outcome(answer, again))


def ended(delivery: Delivery, why: str) -> Delivery:
    """The delivery when nobody is to be told any more."""
    return delivery.model_copy(update={"status": DeliveryStatus.ENDED, "why": why, "next_attempt_at": None})


def _outcome(answer: Answer, again: datetime | None) -> dict[str, Any]:
    if answer.taken:
        return {"status": DeliveryStatus.DELIVERED}
    if again is not None:
        return {"status": DeliveryStatus.PENDING}
    why = "The receiver is gone (410)" if answer.gone else f"None of {len(SCHEDULE)} attempts was taken"
    return {"status": DeliveryStatus.FAILED, "why": why}
