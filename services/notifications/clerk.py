"""The clerk who deals with a request about subscriptions: finds what it is about, and remembers what was asked before."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Path

from chassis.mongo import Document
from chassis.problems import Refusal, not_found
from chassis.visit import Visit, Visiting
from notifications.channels.addresses import AddressRefused, NameNotResolved, check_url, endpoint_of
from notifications.domain import NewSubscription, NotTheOwner, Subscription, UrlRefused
from notifications.outgoing import Outgoing
from notifications.parts import Parts, parts
from notifications.store import Subscriptions

COLLECTION: Final = "subscriptions"
LOOK_UP_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Answered:
    """A new subscription as it is answered, at first or again."""

    subscription: NewSubscription
    again: bool = False


@dataclass(frozen=True)
class Clerk:
    """Deals with the subscriptions of one force for one visitor."""

    visit: Visit
    force: str

    @property
    def parts(self) -> Parts:
        """The parts of the process."""
        return parts(self.visit.runtime)

    @property
    def subscriptions(self) -> Subscriptions:
        """Where subscriptions are kept."""
        return Subscriptions(self.visit.runtime.mongo)

    @property
    def outgoing(self) -> Outgoing:
        """Where deliveries are kept."""
        return Outgoing(self.visit.runtime.mongo)

    async def show(self, subscription_id: str) -> Subscription:
        """One subscription; 404 when it is absent."""
        found = await self.subscriptions.find(self.force, subscription_id)
        if found is None:
            raise not_found(COLLECTION)
        return found

    async def load(self, subscription_id: str) -> Subscription:
        """The subscription that the request changes, at the version that its owner has seen.

        Raises:
            NotTheOwner: someone else made it.
            Refusal: 404 absent, 428 without `If-Match`, 412 when that names another version.
        """
        found = await self.show(subscription_id)
        if found.owner != self.visit.subject:
            message = "Another subject made this subscription: only that one may change or delete it"
            raise NotTheOwner(message)
        self.visit.check_version(found.version)
        return found

    async def endpoint(self, text: str | None) -> str:
        """The endpoint of a URL. A name that has no address just now is accepted: it is looked up at every attempt.

        Raises:
            UrlRefused: nothing may be posted there.
        """
        url = check_url(text or "", self.parts.reach)
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                await self.parts.resolver.address_of(url)
        except AddressRefused as error:
            message = "Must not lead to a private, loopback or otherwise not public address"
            raise UrlRefused(message) from error
        except (NameNotResolved, TimeoutError):
            pass
        return endpoint_of(url)

    async def answered_before(self) -> Answered | None:
        """The answer to this very request when it repeats one that was stored; None when it is new.

        Raises:
            Refusal: 422 when its `Idempotency-Key` was used for another body, 404 when the subscription was deleted since.
        """
        receipt = None if self._receipt_id is None else await self.subscriptions.receipts.find_one({"_id": self._receipt_id})
        if receipt is None:
            return None
        secret = await self.subscriptions.secret(self.force, receipt["id"])
        if secret is None:
            raise not_found(COLLECTION)
        if not hmac.compare_digest(receipt["fingerprint"], self._fingerprint(secret)):
            raise Refusal(422, "idempotency-key-reused", "This Idempotency-Key was used for another body: take a new one")
        return Answered(NewSubscription(**dict(await self.show(receipt["id"])), secret=secret), again=True)

    def receipt(self, new: NewSubscription) -> Document | None:
        """What a repeated request is recognised by. It holds a keyed hash of the body, and no word of it."""
        if self._receipt_id is None:
            return None
        fingerprint = self._fingerprint(new.secret)
        return {"_id": self._receipt_id, "fingerprint": fingerprint, "force": self.force, "id": new.id, "created_at": new.created_at}

    @property
    def _receipt_id(self) -> str | None:
        key = self.visit.idempotency_key()
        if key is None:
            return None
        scope = f"{self.visit.subject}\n{self.visit.target}\n{key}"
        return f"{self.force}:{hashlib.sha256(scope.encode()).hexdigest()}"

    def _fingerprint(self, secret: str) -> str:
        return hmac.new(secret.encode(), self.visit.body, hashlib.sha256).hexdigest()


async def clerk(visit: Visiting, force: Annotated[str, Path(description="Slug of the force", examples=["northamptonshire"])]) -> Clerk:
    """The clerk of a request that its route has admitted."""
    return Clerk(visit, force)


AtClerk = Annotated[Clerk, Depends(clerk)]
