"""Sweeps data keys that seal nothing: of a write that did not commit, or of words that were taken out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from chassis.mongo import Unavailable
from chassis.recording import stored_id
from chassis.runtime import Runtime
from contracts.event import EVENTS

log = structlog.get_logger()
EVERY_SECONDS: Final = 600.0
OLD_ENOUGH: Final = timedelta(minutes=15)
"""Far longer than any write takes between making its key and committing."""


_BEGINNING: Final = [
    {
        "$set": {
            # The database's clock: a process whose own is ahead would take a key for old that a write is about to use.
            "looking": {"$subtract": ["$$NOW", int(OLD_ENOUGH.total_seconds() * 1000)]},
            "until": {"$ifNull": ["$until", datetime.min.replace(tzinfo=UTC)]},
        }
    }
]


async def sweep_orphan_keys(runtime: Runtime) -> None:
    """Destroy orphans of this service's keys now and then, until the service stops."""
    while not runtime.stopping.is_set():
        try:
            await sweep(runtime)
        except Unavailable as error:
            log.warning("key_sweep_put_off", why=str(error)[:200])
        try:
            await asyncio.wait_for(runtime.stopping.wait(), EVERY_SECONDS)
        except TimeoutError:
            continue


async def sweep(runtime: Runtime) -> int:
    """Go through the keys made since the last sweep, and destroy what their records do not name; how many went."""
    progress = runtime.mongo.collection(runtime.name, "sweeps")
    begun = await progress.find_one_and_update({"_id": "keys"}, _BEGINNING, upsert=True) or {}
    until = begun["looking"]
    made = await runtime.keys.made_between(runtime.name, begun["until"], until)
    swept = sum([await _destroy_unused(runtime, force, subject, until) for force, subject in sorted(made)])
    await progress.update_one({"_id": "keys"}, {"$set": {"until": until}})
    if swept:
        log.info("orphan_keys_destroyed", count=swept)
    return swept


async def _destroy_unused(runtime: Runtime, force: str, subject: str, until: datetime) -> int:
    """A record's keys but the one that it names: a new key that did not commit, or the old one of a change that did."""
    unused = 0
    for kid in await runtime.keys.kids_of(force, subject, until):
        if not await _in_use(runtime, force, subject, kid):
            await runtime.keys.destroy(kid)
            unused += 1
    return unused


async def _in_use(runtime: Runtime, force: str, subject: str, kid: str) -> bool:
    where = {"_id": stored_id(force, subject), "sealed.kid": kid}
    collections = sorted({event.model.collection for event in EVENTS.values() if event.model.service == runtime.name})
    for name in collections:
        if await runtime.mongo.collection(runtime.name, name).find_one(where, {"_id": 1}) is not None:
            return True
    return False
