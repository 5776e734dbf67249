"""Subscriptions: who wants to be told of which events, and which events those are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, ValidationInfo
from pydantic_core import PydanticCustomError

from contracts.codec import Message
from contracts.demands import AtMost, Demand, Matching, OneOf
from contracts.entry import entering, problem
from contracts.event import name_of, type_of
from contracts.fields import Confidentiality, ForceSlug, Id, Ids, Instant, needed
from contracts.operations import OPERATIONS
from contracts.places import Neighbourhood
from contracts.sealing import Wire
from contracts.state import ERASED_FIELDS, Facts, State, fields_of
from contracts.vocabulary import Category

EVENT_TYPES: Final = tuple(row.type for row in OPERATIONS)
LONGEST_URL: Final = 2_000
CLOCKS_APART: Final = timedelta(days=1)
"""No two clocks are further apart. An event that is older than a subscription by more only came again: it was republished."""
REVOKED: Final = "The grant of its owner was revoked"
"""Why a subscription is disabled that is told again once the grant is restored."""


class NotificationsError(Exception):
    """A wish that cannot be granted; the message says why."""

    pointer: str | None = None


class UrlRefused(NotificationsError):  # noqa: N818 - what a caller is told
    """The address is not one that Roundtable sends to."""

    pointer = "#/url"


class NotTheOwner(NotificationsError):  # noqa: N818 - it says what happened, as its callers do
    """A subscription is changed and deleted by the one who made it."""


class GrantRevoked(NotificationsError):  # noqa: N818 - it says what happened, as its callers do
    """What a subscription would stand on was taken away."""


class Channel(StrEnum):
    """How a subscriber is told."""

    WEBHOOK = "webhook"


class SubscriptionStatus(StrEnum):
    """Whether a subscription is told of events."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True)
class EventType(Demand):
    """The type of an event, or its name: `engagement.concern-raised.v1` or `concern-raised`. It is kept as the type."""

    def refusal(self, value: str) -> PydanticCustomError | None:
        """No event at all."""
        if in_full(value) in EVENT_TYPES:
            return None
        return problem("unknown_type", "Give the type or the name of an event in the catalogue, such as engagement.concern-raised.v1")

    def schema(self) -> dict[str, Any]:
        """Every type and every name, as an enumeration."""
        return {"enum": [*EVENT_TYPES, *map(name_of, EVENT_TYPES)]}

    def _check(self, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a value of any type
        checked = super()._check(value, info)
        return checked if entering(info) is None else in_full(checked)


def in_full(named: str) -> str:
    """The type of the event that is named so, in full or by its name alone; whatever else stays as it is."""
    return type_of(named) if type_of(named) in EVENT_TYPES else named


class SubscriptionFacts(Facts):
    """What a caller may enter of a subscription. An empty list leaves nothing out."""

    channel: Annotated[str, OneOf(Channel)] = Channel.WEBHOOK
    url: Annotated[str, Matching(rf"https?://[!#-;=?-\[\]-~]{{1,{LONGEST_URL}}}", "a web address in ASCII, without spaces")] | None = (
        needed("Where events are posted to")
    )
    types: Annotated[tuple[Annotated[str, EventType()], ...], AtMost(100)] = ()
    categories: Annotated[tuple[Annotated[str, OneOf(Category)], ...], AtMost(100)] = ()
    neighbourhoods: Ids = ()


class Subscription(SubscriptionFacts):
    """Who wants to be told of which events of a force, and how."""

    id: Id
    force: ForceSlug
    version: int = 1
    owner: str = Field(description="Subject whose grant it stands on")
    status: str = SubscriptionStatus.ACTIVE
    why: str | None = Field(None, description="Why it is disabled")
    created_at: Instant
    changed_at: Instant
    since: dict[int, int] = Field({}, description="Offset in each partition of the force's topic from which on it is told of events")

    @property
    def is_active(self) -> bool:
        """Whether it is told of events."""
        return self.status == SubscriptionStatus.ACTIVE

    def had_begun(self, partition: int, offset: int) -> bool:
        """Whether it was there when an event took its place in the log. Two services' clocks would not tell that."""
        return offset >= self.since.get(partition, 0)

    def changed(self, now: datetime, **values: Any) -> "Subscription":  # noqa: ANN401 - fields of any type
        """The subscription one version on."""
        return self.model_copy(update=values | {"version": self.version + 1, "changed_at": now})

    def disabled(self, now: datetime, why: str) -> "Subscription":
        """The subscription as it is when it is told of nothing more."""
        return self.changed(now, status=SubscriptionStatus.DISABLED, why=why)

    def enabled(self, now: datetime) -> "Subscription":
        """The subscription as it is when it is told of events again."""
        return self.changed(now, status=SubscriptionStatus.ACTIVE, why=None)


class NewSubscription(Subscription):
    """A subscription as it is answered once, to whoever made it."""

    secret: str = Field(description="What the signature of every webhook is made with (Standard Webhooks); it is not shown again")


def subscribe(
    facts: SubscriptionFacts, *, subject: str, force: str, subscription_id: str, now: datetime, since: Mapping[int, int]
) -> Subscription:
    """A new subscription, which is told of what comes to the log from now on: where its partitions end."""
    entered = {name: getattr(facts, name) for name in SubscriptionFacts.model_fields}
    return Subscription(id=subscription_id, force=force, owner=subject, created_at=now, changed_at=now, since=dict(since), **entered)


def matches(subscription: Subscription, message: Message) -> bool:
    """Whether a subscription is told of an event. Only clear fields count, and a sensitive event is told to nobody.

    An event without a category, or without a neighbourhood, is not among those that a list of them asks for.
    """
    return (
        subscription.is_active
        and subscription.force == message.force
        and not message.sensitive
        and message.time > subscription.created_at - CLOCKS_APART
        and _admits(subscription.types, message.type)
        and _admits(subscription.categories, message.data.get("category"))
        and _admits(subscription.neighbourhoods, _neighbourhood(message))
    )


@dataclass(frozen=True)
class Hidden:
    """A record that is sensitive or erased now: whatever is shown of it, of any version, shows no more than that allows."""

    version: int
    erased: bool = False


def hide(known: Hidden | None, message: Message) -> Hidden | None:
    """What an event says of its record's being hidden, given what is known. Older versions say nothing, and no erasure is undone."""
    if known is not None and (known.erased or known.version > message.version):
        return known
    if "erased_at" in message.data:
        return Hidden(message.version, erased=True)
    return Hidden(message.version) if message.sensitive else None


@dataclass(frozen=True)
class Verdict:
    """What one event means for the deliveries of its record.

    Attributes:
        hidden: the record's being hidden from now on.
        told: the subscriptions that are told of the event.
        withheld: what was told before shows no more than a sensitive record does.
        purged: of what was told before, nothing stays.
    """

    hidden: Hidden | None
    told: tuple[Subscription, ...] = ()
    withheld: bool = False
    purged: bool = False


def judge(message: Message, known: Hidden | None, subscriptions: Iterable[Subscription]) -> Verdict:
    """Of a record that is hidden, what was told goes; only an erasure that hides it first is told itself."""
    hidden = hide(known, message)
    if hidden is None:
        return Verdict(None, _asking(message, subscriptions))
    if hidden == known:
        return Verdict(hidden)
    if not hidden.erased:
        return Verdict(hidden, withheld=known is None)
    return Verdict(hidden, _asking(message, subscriptions) if known is None else (), purged=True)


def clear(message: Message) -> Wire:
    """What of an event's data a subscriber may get; of a kind that is not known here its frame alone: what else is clear cannot be told."""
    if message.model is not None:
        return message.data
    known = fields_of(State, Confidentiality.FRAME) | ERASED_FIELDS
    return {name: value for name, value in message.data.items() if name in known}


def _asking(message: Message, subscriptions: Iterable[Subscription]) -> tuple[Subscription, ...]:
    return tuple(subscription for subscription in subscriptions if matches(subscription, message))


def _admits(wanted: tuple[str, ...], value: object) -> bool:
    return not wanted or value in wanted


def _neighbourhood(message: Message) -> object:
    return message.subject if message.model is Neighbourhood else message.data.get("neighbourhood_id")
