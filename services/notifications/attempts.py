"""One attempt: a delivery is sent if its subscription stands at this moment, and what came of it is stored."""

import random
from typing import Final

import structlog

from chassis import metrics
from chassis.mongo import Tx
from chassis.runtime import Runtime
from notifications.channels.webhook import Webhooks
from notifications.claims import Claim, Claims
from notifications.delivery import Answer, Delivery, DeliveryStatus, after, ended, wait_after
from notifications.domain import REVOKED, Subscription
from notifications.outgoing import Outgoing
from notifications.pace import Pace
from notifications.store import Addressee, Subscriptions

log = structlog.get_logger()
_RETRIED: Final = "retried"
_OUTCOMES: Final = (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED, DeliveryStatus.ENDED, _RETRIED)


class Attempts:
    """Makes the attempts of one process."""

    def __init__(self, runtime: Runtime, webhooks: Webhooks, claims: Claims, pace: Pace) -> None:
        self._runtime = runtime
        self._webhooks = webhooks
        self._claims = claims
        self._pace = pace
        self._outgoing = Outgoing(runtime.mongo)
        self._subscriptions = Subscriptions(runtime.mongo)
        self._disabling: set[str] = set()
        for outcome in _OUTCOMES:
            # A counter that first appears at 1 has not risen in the eyes of whoever watches it: the first failure would go unseen.
            metrics.deliveries_total.labels(channel="webhook", outcome=outcome)

    async def make(self, claim: Claim, addressee: Addressee | None) -> None:
        """Send a delivery to whoever it is for; None where there is no such subscription any more.

        Raises:
            Unavailable: MongoDB is away; whether the attempt was made is not known to it.
        """
        if addressee is None:
            await self._outgoing.remove(claim.delivery.subscription_id)
        elif not addressee.subscription.is_active:
            why = addressee.subscription.why or "The subscription is disabled"
            await self._settle(claim, addressee.subscription, ended(claim.delivery, why))
        elif not addressee.stands:
            await self._disable(addressee.subscription, REVOKED)
        else:
            await self._send(claim, addressee)

    async def _send(self, claim: Claim, addressee: Addressee) -> None:
        at = self._runtime.now()
        answer = await self._webhooks.send(claim.delivery, addressee.subscription.url, addressee.secret)
        self._pace.learn(claim.endpoint, answer)
        # Chance spreads attempts out; nobody has to be unable to guess it.
        wait = wait_after(len(claim.delivery.attempts) + 1, answer, random.random())  # noqa: S311 - chance that nobody has to be unable to guess
        await self._settle(claim, addressee.subscription, after(claim.delivery, answer, at, wait), answer)

    async def _settle(self, claim: Claim, subscription: Subscription, delivery: Delivery, answer: Answer | None = None) -> None:
        """Store what came of a claim; a receiver that is gone, or takes nothing any more, is asked no further."""
        metrics.deliveries_total.labels(channel=subscription.channel, outcome=_outcome(delivery)).inc()
        wait = None if delivery.next_attempt_at is None else delivery.next_attempt_at - delivery.attempts[-1].at
        await self._claims.settle(claim, delivery, wait)
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

        if subscription.id in self._disabling:
            # Whoever does so ends this delivery with the others.
            return
        self._disabling.add(subscription.id)
        log.warning("subscription_disabled", subscription=subscription.id, force=subscription.force, why=why)
        try:
            await self._runtime.mongo.transaction(body)
        finally:
            self._disabling.discard(subscription.id)


def _outcome(delivery: Delivery) -> str:
    return _RETRIED if delivery.status == DeliveryStatus.PENDING else delivery.status
