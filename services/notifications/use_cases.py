"""What is done with subscriptions: decide what they are, and store that with everything that belongs to it."""

import os
from base64 import b64encode
from typing import Final

from uuid_utils import uuid7

from chassis.mongo import DuplicateKey, Tx
from chassis.recording import Stale
from contracts.entry import Patch
from notifications import domain
from notifications.clerk import Answered, Clerk
from notifications.domain import GrantRevoked, NewSubscription, Subscription, SubscriptionFacts

SECRET_BYTES: Final = 32


async def subscribe(clerk: Clerk, facts: SubscriptionFacts) -> Answered:
    """Make a subscription, and record the grant that it stands on."""
    if before := await clerk.answered_before():
        return before
    await clerk.endpoint(facts.url)
    since = await clerk.parts.hub.reached(clerk.force)
    now, subject = clerk.visit.runtime.now(), clerk.visit.subject
    subscription = domain.subscribe(facts, subject=subject, force=clerk.force, subscription_id=str(uuid7()), now=now, since=since)
    new = NewSubscription(**dict(subscription), secret="whsec_" + b64encode(os.urandom(SECRET_BYTES)).decode())
    try:
        await clerk.visit.runtime.mongo.transaction(lambda tx: _store(clerk, new, tx))
    except DuplicateKey as error:
        # The same request at the same time: run again, this one finds what the other stored.
        raise Stale from error
    return Answered(new)


async def change(clerk: Clerk, subscription_id: str, patch: Patch) -> Subscription:
    """Change what a subscription asks for, or where it is sent to."""
    before = await clerk.load(subscription_id)
    after = before.changed(clerk.visit.runtime.now(), **patch.apply(before))
    endpoint = await clerk.endpoint(after.url) if patch.touches("url") else None

    async def body(tx: Tx) -> None:
        if not await clerk.subscriptions.replace(after, tx):
            raise Stale
        if endpoint is not None:
            await clerk.outgoing.readdress(after.id, endpoint, tx)

    await clerk.visit.runtime.mongo.transaction(body)
    return after


async def unsubscribe(clerk: Clerk, subscription_id: str) -> None:
    """Delete a subscription with its secret and its deliveries, sent or not."""
    subscription = await clerk.load(subscription_id)

    async def body(tx: Tx) -> None:
        if not await clerk.subscriptions.remove(subscription, tx):
            raise Stale
        await clerk.outgoing.remove(subscription.id, tx)

    await clerk.visit.runtime.mongo.transaction(body)


async def _store(clerk: Clerk, new: NewSubscription, tx: Tx) -> None:
    if not await clerk.subscriptions.grant(
        new.owner, new.force, {"subject": new.owner, "force": new.force, "granted_at": new.created_at}, tx
    ):
        message = "Your grant for this force was revoked"
        raise GrantRevoked(message)
    receipt = clerk.receipt(new)
    if receipt is not None:
        await clerk.subscriptions.receipts.insert_one(receipt, tx=tx)
    await clerk.subscriptions.add(new, new.secret, tx)
