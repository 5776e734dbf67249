"""Sends what is due: many deliveries at once, few to any one endpoint, so that a receiver that hangs holds no other back."""

import asyncio
import random
from collections import Counter
from typing import Final

import structlog

from chassis import metrics
from chassis.mongo import Tx, Unavailable
from chassis.runtime import Runtime
from notifications.channels.webhook import Webhooks
from notifications.delivery import Answer, Delivery, DeliveryStatus, after, ended, wait_after
from notifications.domain import REVOKED, Subscription
from notifications.outgoing import Claim, Outgoing
from notifications.parts import SENDING_AT_ONCE, parts
from notifications.store import Subscriptions

log = structlog.get_logger()
TO_ONE_ENDPOINT: Final = 2
POLL_SECONDS: Final = 0.5
"""How soon a delivery is seen that another process made, or that came due; one that this process made wakes the sender."""
DRAIN_SECONDS: Final = 2.0
"""How long attempts under way may take to end once the service stops; what is not done then is due again."""
_RETRIED: Final = "retried"
_OUTCOMES: Final = (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED, DeliveryStatus.ENDED, _RETRIED)


async def send(runtime: Runtime) -> None:
    """Send what is due until the service stops."""
    own = parts(runtime)
    webhooks = Webhooks(own.resolver, own.reach, runtime.now)
    try:
        await Sender(runtime, webhooks, own.due).run()
    finally:
        await webhooks.close()


class Sender:
    """One process's share of the sending."""

    def __init__(self, runtime: Runtime, webhooks: Webhooks, due: asyncio.Event) -> None:
        self._runtime = runtime
        self._webhooks = webhooks
        self._due = due
        self._outgoing = Outgoing(runtime.mongo)
        self._subscriptions = Subscriptions(runtime.mongo)
        self._under_way: dict[asyncio.Task[None], Claim] = {}
        for outcome in _OUTCOMES:
            # A counter that first appears at 1 has not risen in the eyes of whoever watches it: the first failure would go unseen.
            metrics.deliveries_total.labels(channel="webhook", outcome=outcome)

    async def run(self) -> None:
        """Send until the service stops, then end what is under way or give it back."""
        try:
            while not self._runtime.stopping.is_set():
                await self._turn()
        finally:
            await self._drain()

    async def _turn(self) -> None:
        self._due.clear()
        try:
            while len(self._under_way) < SENDING_AT_ONCE and (claim := await self._outgoing.claim(self._spared())):
                self._begin(claim)
        except Unavailable as error:
            log.warning("sender_waits_for_mongo", why=str(error)[:200])
        try:
            await asyncio.wait_for(self._due.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    def _spared(self) -> list[str]:
        """Endpoints that have as many attempts under way as one may have."""
        busy = Counter(claim.endpoint for claim in self._under_way.values())
        return [endpoint for endpoint, count in busy.items() if count >= TO_ONE_ENDPOINT]

    def _begin(self, claim: Claim) -> None:
        task = asyncio.create_task(self._deal_with(claim))
        self._under_way[task] = claim
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._due.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease runs out, and the delivery is due again.
            log.error("attempt_failed_inside", exc_info=error)

    async def _deal_with(self, claim: Claim) -> None:
        try:
            await self._attempt(claim)
        except Unavailable as error:
            log.warning("attempt_not_settled", delivery=claim.delivery.id, why=str(error)[:200])

    async def _attempt(self, claim: Claim) -> None:
        """Send a delivery, if its subscription stands at this moment."""
        delivery = claim.delivery
        subscription = await self._subscriptions.find(delivery.force, delivery.subscription_id)
        secret = await self._subscriptions.secret(delivery.force, delivery.subscription_id)
        if subscription is None or secret is None:
            await self._outgoing.remove(delivery.subscription_id)
        elif not subscription.is_active:
            await self._settle(claim, subscription, ended(delivery, subscription.why or "The subscription is disabled"))
        elif not await self._subscriptions.stands(subscription.owner, subscription.force):
            await self._disable(subscription, REVOKED)
        else:
            await self._send(claim, subscription, secret)

    async def _send(self, claim: Claim, subscription: Subscription, secret: str) -> None:
        at = self._runtime.now()
        answer = await self._webhooks.send(claim.delivery, subscription.url, secret)
        # Chance spreads attempts out; nobody has to be unable to guess it.
        wait = wait_after(len(claim.delivery.attempts) + 1, answer, random.random())  # noqa: S311 - chance that nobody has to be unable to guess
        await self._settle(claim, subscription, after(claim.delivery, answer, at, wait), answer)

    async def _settle(self, claim: Claim, subscription: Subscription, delivery: Delivery, answer: Answer | None = None) -> None:
        """Store what came of a claim; a receiver that is gone, or takes nothing any more, is asked no further."""
        metrics.deliveries_total.labels(channel=subscription.channel, outcome=_outcome(delivery)).inc()
        wait = None if delivery.next_attempt_at is None else delivery.next_attempt_at - delivery.attempts[-1].at
        await self._outgoing.settle(claim, delivery, wait)
        if delivery.status != DeliveryStatus.FAILED:
            return
        gone = answer is not None and answer.gone
        if gone or not await self._outgoing.taken_since(subscription.id, delivery):
            await self._disable(subscription, delivery.why or "The receiver takes nothing")

    async def _disable(self, subscription: Subscription, why: str) -> None:
        async def body(tx: Tx) -> None:
            current = await self._subscriptions.find(subscription.force, subscription.id, tx)
            if current is not None and current.is_active:
                await self._subscriptions.replace(current.disabled(self._runtime.now(), why), tx)
            await self._outgoing.end(subscription.id, why, tx)

        log.warning("subscription_disabled", subscription=subscription.id, force=subscription.force, why=why)
        await self._runtime.mongo.transaction(body)

    async def _drain(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=DRAIN_SECONDS)
            claims = [self._under_way[task] for task in late]
            for task in late:
                task.cancel()
            await asyncio.gather(*(self._release(claim) for claim in claims))

    async def _release(self, claim: Claim) -> None:
        try:
            await self._outgoing.release(claim)
        except Unavailable:
            # The lease runs out by itself.
            return


def _outcome(delivery: Delivery) -> str:
    return _RETRIED if delivery.status == DeliveryStatus.PENDING else delivery.status
