"""Sends what is due: many deliveries at once, and room kept for every endpoint, so that a receiver that hangs holds no other back."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Final

import structlog

from chassis.mongo import Unavailable
from chassis.recording import stored_id
from chassis.runtime import Runtime
from notifications.attempts import Attempts
from notifications.channels.webhook import Webhooks
from notifications.claims import Claim, Claims
from notifications.pace import Pace, shares
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
        """Begin what is due as far as there is room; whether anything began.

        Raises:
            Unavailable: MongoDB is away.
        """
        if len(self._under_way) >= SENDING_AT_ONCE:
            return False
        busy = Counter(claim.endpoint for claim in self._under_way.values())
        dealt = shares(self._pace, await self._claims.due(), busy, SENDING_AT_ONCE)
        # To the end of each: what went on alone would be counted by nobody.
        begun = await asyncio.gather(*(self._begin_to(endpoint, most) for endpoint, most in dealt.items()), return_exceptions=True)
        for error in begun:
            if isinstance(error, Unavailable):
                raise error
            if isinstance(error, BaseException):
                # What it had taken is due again when the lease runs out; the other endpoints go on.
                log.error("sending_failed_inside", exc_info=error)
        return any(each is True for each in begun)

    async def _begin_to(self, endpoint: str, most: int) -> bool:
        claims = await self._claims.take(endpoint, most)
        try:
            addressees = await self._subscriptions.addressees({_subscription_of(claim) for claim in claims}) if claims else {}
        except Unavailable:
            await asyncio.gather(*map(self._release, claims))
            raise
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
            await asyncio.gather(*late, return_exceptions=True)
            # An outcome that is on its way comes before the claim is given back: a delivery that was taken is not due again.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._claims.drain(), DRAIN_SECONDS)
            await asyncio.gather(*map(self._release, claims))

    async def _release(self, claim: Claim) -> None:
        try:
            await self._claims.release(claim)
        except Unavailable:
            # The lease runs out by itself.
            return


def _subscription_of(claim: Claim) -> str:
    return stored_id(claim.delivery.force, claim.delivery.subscription_id)
