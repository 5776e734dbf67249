"""Redriving: what an operator asks of a parked event, done by the service that parked it, through its own handler.

The command line writes a wish on the parked record: `{id, does: redrive | discard, by, why, at}`. Whichever process of the service
takes the record away does what is wished, in one transaction; that of another process then finds no record.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import structlog
from aiokafka import TopicPartition

from chassis import parked
from chassis.batch import Batch, Committed, Handler, Received, received
from chassis.builds import without_build
from chassis.mongo import Document, Tx, Unavailable
from chassis.parked import ParkedEvents
from chassis.positions import LostPartition, Positions
from chassis.trace import tracing

log = structlog.get_logger()
EVERY_SECONDS: Final = 1.0
AT_ONCE: Final = 100
_CONTENT: Final = frozenset({"key", "value", "headers", "wish", "answered", "build"})
"""What of a parked event is not kept once it is discarded."""


class Redriver:
    """Does what is wished of parked events."""

    def __init__(self, handler: Handler, positions: Positions, committed: Committed) -> None:
        self._mongo = positions.mongo
        self._handler = handler
        self._positions = positions
        self._committed = committed
        self._parked = ParkedEvents.beside(positions)
        self._events = self._parked.stored

    async def run(self) -> None:
        """Look for wishes until the service stops."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.info("redriving_waits_for_mongo", why=str(error)[:200])
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Do what is wished now: the events of a partition in their order."""
        order = [("topic", 1), ("partition", 1), ("offset", 1)]
        asked = {"wish.at": {"$gt": datetime.min.replace(tzinfo=UTC)}} | self._parked.own
        for event in await self._events.find(asked, sort=order, limit=AT_ONCE):
            with tracing(event.get("event", {}).get("traceparent")):
                await (self._discard(event) if event["wish"]["does"] == "discard" else self._redrive(event))

    async def deal_with(self, ids: set[str], by: str, why: str) -> None:
        """Redrive events now, but for those that were discarded elsewhere: they go without a word. What fails stays parked."""
        if ids:
            gone = await self._parked.given_up({"parked": {"$in": sorted(ids)}})
            await self._events.delete_many(self._parked.named(gone))
            wish = {"id": uuid4().hex, "does": "redrive", "by": by, "why": why, "at": datetime.now(UTC)}
            await self._events.update_many(self._parked.named(ids - gone), {"$set": {"wish": wish}})
            while await self._events.count(self._parked.own | {"wish.id": wish["id"]}):
                await self.look()

    async def _redrive(self, event: Document) -> None:
        partition = TopicPartition(event["topic"], event["partition"])
        done: list[Batch] = []

        async def body(tx: Tx) -> None:
            done.clear()
            if await self._take(event, tx):
                await self._positions.hold(partition, tx)
                batch = Batch(partition, [_read(partition, event)], redriven=True)
                await self._handler(tx, batch)
                done.append(batch)

        try:
            await self._mongo.transaction(body)
        except Unavailable:
            raise
        # As in the consumer: a handler may fail in any way, and the operator is told.
        except Exception as error:  # noqa: BLE001 - the reason stands above
            await self._refuse(event, error)
        for batch in done:
            log.info("event_redriven", id=event["_id"], force=event["force"], by=event["wish"]["by"])
            self._committed(batch)

    async def _take(self, event: Document, tx: Tx) -> bool:
        """Take the record away, unless someone else did or wishes something else by now."""
        mine = {"_id": event["_id"], "wish.id": event["wish"]["id"]}
        return await self._events.find_one_and_delete(mine, tx=tx) is not None

    async def _refuse(self, event: Document, error: Exception) -> None:
        """Say on the record why it stays parked."""
        wish = event["wish"]
        why = _elsewhere(self._positions) if isinstance(error, LostPartition) else parked.explained(error)
        log.warning("event_stays_parked", id=event["_id"], force=event["force"], by=wish["by"], why=why["why"])
        change = {"$set": {**why, "answered": wish["id"], "tried_at": datetime.now(UTC)}, "$inc": {"attempts": 1}, "$unset": {"wish": ""}}
        await self._events.update_one({"_id": event["_id"], "wish.id": wish["id"]}, change)

    async def _discard(self, event: Document) -> None:
        """Give an event up for good: who wished it, when and why stays, and nothing that it held."""
        wish = event["wish"]
        kept = {name: value for name, value in event.items() if name not in _CONTENT}
        # The same event may have been discarded before, parked again by a replay.
        known_as = without_build(event["_id"])
        kept |= {"_id": f"{known_as}:{wish['id']}", "parked": known_as, "by": wish["by"], "because": wish["why"]}

        async def body(tx: Tx) -> bool:
            taken = await self._take(event, tx)
            if taken:
                discarded = kept | {"discarded_at": datetime.now(UTC)}
                await self._mongo.collection(self._positions.database, parked.DISCARDED).insert_one(discarded, tx=tx)
            return taken

        if await self._mongo.transaction(body):
            log.warning("event_discarded", id=event["_id"], force=event["force"], by=wish["by"], because=wish["why"])


def _read(partition: TopicPartition, event: Document) -> Received:
    headers = [(header["name"], header["value"]) for header in event["headers"]]
    return received(partition, event["offset"], event["value"], event["key"], headers)


def _elsewhere(positions: Positions) -> Document:
    return {"why": f"the position of its partition is not of projection {positions.projection}", "release": parked.RELEASE}
