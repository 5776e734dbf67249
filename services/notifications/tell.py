"""From events to deliveries: written in the transaction that moves the consumer's position, and never twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from httpx2 import URL

from chassis.batch import Batch, Received
from chassis.consumer import consume
from chassis.mongo import Tx, Write
from chassis.positions import position_id
from chassis.recording import stored_id
from chassis.runtime import Runtime
from contracts.codec import Message
from notifications.channels.addresses import endpoint_of
from notifications.delivery import begin
from notifications.domain import Hidden, Subscription, hide, matches
from notifications.outgoing import Outgoing, created, purged, withheld
from notifications.parts import parts
from notifications.store import Subjects, Subscriptions, Watermarks


async def tell(runtime: Runtime) -> None:
    """Make the deliveries of every event until the service stops."""
    due = parts(runtime).due
    await consume(runtime, Teller(runtime), committed=lambda _: due.set())


class Teller:
    """The handler of the consumer. It does nothing but write through its transaction, and may be run again."""

    def __init__(self, runtime: Runtime) -> None:
        self._now = runtime.now
        self._subscriptions = Subscriptions(runtime.mongo)
        self._outgoing = Outgoing(runtime.mongo)
        self._subjects = Subjects(runtime.mongo)
        self._watermarks = Watermarks(runtime.mongo)

    async def __call__(self, tx: Tx, batch: Batch) -> None:
        """Make the deliveries of a batch; of what lies below the watermark, none: somebody was told already.

        Of an event that was parked nobody was, though what came after it raised the watermark; a delivery that there is all the same
        is left alone.
        """
        partition = position_id(batch.partition)
        watermark = 0 if batch.redriven else await self._watermarks.of(partition, tx)
        fresh = [event for event in batch.events if event.offset >= watermark]
        if fresh:
            await self._tell(batch.force, fresh, tx)
            await self._watermarks.raise_to(partition, batch.force, fresh[-1].offset + 1, tx)

    async def _tell(self, force: str, events: Sequence[Received], tx: Tx) -> None:
        subscriptions = await self._subscriptions.active(force, tx)
        before = await self._subjects.hidden({_key(event.message) for event in events}, tx)
        after, writes = deliveries(events, before, subscriptions, self._now())
        await self._subjects.update(before, after, tx)
        await self._outgoing.write(writes, tx)


def deliveries(
    events: Sequence[Received], before: Mapping[str, Hidden], subscriptions: Sequence[Subscription], now: datetime
) -> tuple[dict[str, Hidden], list[Write]]:
    """Which records are hidden after some events, and the writes, in order, that these events make among the deliveries."""
    hidden, writes = dict(before), list[Write]()
    for event in events:
        message = event.message
        known = hidden.pop(_key(message), None)
        now_hidden = hide(known, message)
        if now_hidden is not None:
            hidden[_key(message)] = now_hidden
        there = [subscription for subscription in subscriptions if subscription.had_begun(event.partition, event.offset)]
        writes += _writes(message, known, now_hidden, there, now)
    return hidden, writes


def _writes(
    message: Message, known: Hidden | None, hidden: Hidden | None, subscriptions: Sequence[Subscription], now: datetime
) -> list[Write]:
    """What one event changes: of a record that is hidden, what was told goes; only an erasure that hides it first is told itself."""
    if hidden is None:
        return _told(message, subscriptions, now)
    if hidden == known:
        return []
    if not hidden.erased:
        return withheld(message.force, message.subject) if known is None else []
    return purged(message.force, message.subject) + (_told(message, subscriptions, now) if known is None else [])


def _told(message: Message, subscriptions: Sequence[Subscription], now: datetime) -> list[Write]:
    asking = [subscription for subscription in subscriptions if matches(subscription, message)]
    return [created(begin(subscription, message, now), endpoint_of(URL(subscription.url or "")), message.time) for subscription in asking]


def _key(message: Message) -> str:
    return stored_id(message.force, message.subject)
