"""Takes up again what stood on a grant that was revoked, once the grant is restored. What happened between is told to nobody."""

import asyncio

import structlog

from chassis.mongo import Unavailable
from chassis.runtime import Runtime
from notifications.store import Subscriptions

log = structlog.get_logger()


async def reinstate(runtime: Runtime) -> None:
    """Look at the silenced subscriptions as often as the registry is read, until the service stops.

    Not only when a grant has changed: an attempt that began before may silence a subscription after.
    """
    while not runtime.stopping.is_set():
        try:
            await enable(runtime)
        except Unavailable as error:
            log.warning("reinstating_waits_for_mongo", why=str(error)[:200])
        try:
            await asyncio.wait_for(runtime.stopping.wait(), runtime.settings.registry_poll_seconds)
        except TimeoutError:
            continue


async def enable(runtime: Runtime) -> None:
    """Enable the subscriptions whose grants stand again.

    Raises:
        Unavailable: MongoDB is away.
    """
    subscriptions = Subscriptions(runtime.mongo)
    for each in await subscriptions.standing(await subscriptions.silenced()):
        if await subscriptions.replace(each.enabled(runtime.now())):
            log.info("subscription_enabled", subscription=each.id, force=each.force)
