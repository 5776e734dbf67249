"""Sends what is due: many deliveries at once, few to any one endpoint, so that a receiver that hangs holds no other back."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog

from chassis.mongo import Unavailable
from chassis.recording import stored_id
from chassis.runtime import Runtime
from notifications.attempts import Attempts
from notifications.channels.webhook import Webhooks
from notifications.claims import Claim, Claims
from notifications.pace import Pace
from notifications.parts import SENDING_AT_ONCE, parts
from notifications.store import Addressee, Subscriptions

log = structlog.get_logger()
POLL_SECONDS: Final = 0.5
"""How soon a delivery is seen that another process made, or that came due; one that this process made wakes the sender."""
DRAIN_SECONDS: Final = 2.0
"""How long attempts under way may take to end once the service stops; what is not done then is due again."""


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
        self._stopping = runtime.stopping
        self._due = due
        self._subscriptions = Subscriptions(runtime.mongo)
        self._claims = Claims(runtime.mongo)
        self._pace = Pace()
        self._attempts = Attempts(runtime, webhooks, self._claims, self._pace)
        self._under_way: dict[asyncio.Task[None], Claim] = {}

    async def run(self) -> None:
        """Send until the service stops, then end what is under way or give it back."""
        try:
            while not self._stopping.is_set():
                await self._turn()
        finally:
            await self._drain()

    async def _turn(self) -> None:
        self._due.clear()
        try:
            while not self._stopping.is_set() and await self._begin_some():
                pass
        except Unavailable as error:
            log.warning("sender_waits_for_mongo", why=str(error)[:200])
        try:
            await asyncio.wait_for(self._due.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    async def _begin_some(self) -> bool:
        """Begin what is due as far as there is room; whether anything began."""
        shares = self._shares(await self._claims.due() if self._left() else [])
        begun = await asyncio.gather(*(self._begin_to(endpoint, most) for endpoint, most in shares.items()))
        return any(begun)

    def _left(self) -> int:
        return SENDING_AT_ONCE - len(self._under_way)

    def _shares(self, endpoints: Sequence[str]) -> dict[str, int]:
        """How many may begin to each of some endpoints, the first of them served first."""
        left, busy, shares = self._left(), Counter(claim.endpoint for claim in self._under_way.values()), dict[str, int]()
        for endpoint in endpoints:
            if room := min(self._pace.room(endpoint, busy), left):
                shares[endpoint] = room
                left -= room
        return shares

    async def _begin_to(self, endpoint: str, most: int) -> bool:
        claims = await self._claims.take(endpoint, most)
        addressees = await self._subscriptions.addressees({_subscription_of(claim) for claim in claims}) if claims else {}
        for claim in claims:
            task = asyncio.create_task(self._deal_with(claim, addressees.get(_subscription_of(claim))))
            self._under_way[task] = claim
            task.add_done_callback(self._done)
        return bool(claims)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._due.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease runs out, and the delivery is due again.
            log.error("attempt_failed_inside", exc_info=error)

    async def _deal_with(self, claim: Claim, addressee: Addressee | None) -> None:
        try:
            await self._attempts.make(claim, addressee)
        except Unavailable as error:
            log.warning("attempt_not_settled", delivery=claim.delivery.id, why=str(error)[:200])

    async def _drain(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=DRAIN_SECONDS)
            claims = [self._under_way[task] for task in late]
            for task in late:
                task.cancel()
            await asyncio.gather(*(self._release(claim) for claim in claims))

    async def _release(self, claim: Claim) -> None:
        try:
            await self._claims.release(claim)
        except Unavailable:
            # The lease runs out by itself.
            return


def _subscription_of(claim: Claim) -> str:
    return stored_id(claim.delivery.force, claim.delivery.subscription_id)
