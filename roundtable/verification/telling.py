"""Which deliveries there must be, by the rules of notifications: one for each subscription and event that match, and no other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from chassis.batch import Received
from chassis.recording import stored_id
from contracts.codec import Message
from notifications.delivery import begin
from notifications.domain import Hidden, Subscription, SubscriptionStatus, judge, matches
from readmodel.projections import Stored
from roundtable.verification.report import Difference

UNCERTAIN: Final = timedelta(seconds=5)
"""Around a change of a subscription: an event of that time may have been told by the rule before it or by the one after it."""


@dataclass
class Due:
    """The deliveries of one record's events, by id: those that must be there, and those that may be."""

    needed: dict[str, Message] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)


class Telling:
    """Follows the log of one force as notifications did.

    Of a subscription that was changed, only its rule of now is known. Events of before may have been told by an older one: they
    need not have a delivery, and may.
    """

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._subscriptions = {each.id: each for each in subscriptions}
        self._widest = [_widest(each) for each in subscriptions]
        self._hidden: dict[str, Hidden] = {}
        self._due: dict[str, Due] = defaultdict(Due)

    def add(self, event: Received) -> None:
        """The next event that notifications was told of."""
        message = event.message
        key = stored_id(message.force, message.subject)
        there = [each for each in self._widest if each.had_begun(event.partition, event.offset)]
        verdict = judge(message, self._hidden.pop(key, None), there)
        if verdict.hidden is not None:
            self._hidden[key] = verdict.hidden
        if verdict.purged:
            self._due.pop(key, None)
        if verdict.withheld:
            # What was parked until after this was told to nobody any more.
            self._due[key].needed.clear()
        for each in verdict.told:
            self._tell(self._due[key], self._subscriptions[each.id], message)

    def compare(self, deliveries: Iterable[Stored], force: str, where: str) -> Iterator[Difference]:
        """Every delivery of the force against those that must and may be there."""
        allowed = {delivery for due in self._due.values() for delivery in due.allowed}
        needed = {delivery: message for due in self._due.values() for delivery, message in due.needed.items()}
        for each in deliveries:
            needed.pop(each["_id"], None)
            if each["_id"] not in allowed:
                yield Difference("a delivery that nobody asked for", force, each["_id"], where)
        for delivery, message in needed.items():
            yield Difference(f"no delivery of an event of {message.subject}", force, delivery, where, message.version)

    def _tell(self, due: Due, subscription: Subscription, message: Message) -> None:
        delivery, asked = begin(subscription, message, message.time).id, matches(subscription, message)
        settled = message.time > max(subscription.created_at, subscription.changed_at) + UNCERTAIN
        told_by_an_older_rule = subscription.version > 1 and not settled
        if asked or told_by_an_older_rule:
            due.allowed.add(delivery)
        if asked and settled:
            due.needed.setdefault(delivery, message)


def compare_grants(
    deliveries: Iterable[Stored], subscriptions: Mapping[str, Subscription], standing: frozenset[str], force: str, where: str
) -> Iterator[Difference]:
    """Deliveries that wait to be sent to someone whose grant for the force does not stand.

    Args:
        deliveries: those that wait.
        subscriptions: by id.
        standing: subjects who hold a grant on which a subscription can stand.
        force: whose deliveries they are.
        where: the collection of the deliveries.
    """
    for each in deliveries:
        subscription = subscriptions.get(each["subscription_id"])
        if subscription is None or subscription.owner not in standing:
            yield Difference("waits to be sent to an owner without a grant", force, each["_id"], where)


def _widest(subscription: Subscription) -> Subscription:
    """The subscription as if it asked for everything since it was made."""
    return subscription.model_copy(update={"status": SubscriptionStatus.ACTIVE, "types": (), "categories": (), "neighbourhoods": ()})
