"""Where deliveries are kept, from the event that makes them until nobody asks for them any more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chassis.mongo import DeleteMany, Mongo, Tx, UpdateMany, UpdateOne, Write
from notifications.delivery import Delivery, DeliveryStatus
from notifications.store import DATABASE

PENDING: Final = DeliveryStatus.PENDING
NOT_WAITING: Final = {"due_at": "", "lease": ""}


class Outgoing:
    """Every delivery of every subscription."""

    def __init__(self, mongo: Mongo) -> None:
        self._deliveries = mongo.collection(DATABASE, "deliveries")

    async def write(self, writes: list[Write], tx: Tx) -> None:
        """Make what `created`, `withheld` and `purged` say, in their order."""
        await self._deliveries.bulk_write(writes, tx=tx)

    async def find(self, force: str, delivery_id: str) -> Delivery | None:
        """One delivery of a force."""
        found = await self._deliveries.find_one({"_id": delivery_id, "force": force})
        return None if found is None else Delivery.model_validate(found)

    async def page(self, force: str, subscription_id: str, before: str, limit: int) -> list[Delivery]:
        """Deliveries of a subscription, those of the newest events first, from one event id on."""
        within = {"$gt": f"{subscription_id}:", "$lt": f"{subscription_id}:{before}"}
        found = await self._deliveries.find({"force": force, "_id": within}, sort=[("_id", -1)], limit=limit)
        return [Delivery.model_validate(document) for document in found]

    async def end(self, subscription_id: str, why: str, tx: Tx | None = None) -> None:
        """End every pending delivery of a subscription."""
        where = {"subscription_id": subscription_id, "status": PENDING}
        await self._deliveries.update_many(where, _ending(why), tx=tx)

    async def remove(self, subscription_id: str, tx: Tx | None = None) -> None:
        """Delete every delivery of a subscription."""
        await self._deliveries.delete_many({"_id": {"$gt": f"{subscription_id}:", "$lt": f"{subscription_id};"}}, tx=tx)

    async def readdress(self, subscription_id: str, endpoint: str, tx: Tx) -> None:
        """Say that what is pending goes to another endpoint from now on."""
        where = {"subscription_id": subscription_id, "status": PENDING}
        await self._deliveries.update_many(where, {"$set": {"endpoint": endpoint}}, tx=tx)

    async def taken_since(self, subscription_id: str, delivery: Delivery) -> bool:
        """Whether the receiver took the delivery of any event since that of this one."""
        later = {"$gt": delivery.id, "$lt": f"{subscription_id};"}
        return await self._deliveries.find_one({"_id": later, "status": DeliveryStatus.DELIVERED}, {"_id": 1}) is not None


def created(delivery: Delivery, endpoint: str, recorded_at: datetime) -> UpdateOne:
    """Store a new delivery, due at once. One that is there already is left alone."""
    # The earlier of two clocks: one that is ahead must not hold the first attempt back.
    due = min(delivery.created_at, recorded_at)
    document = delivery.model_dump(mode="json") | {"endpoint": endpoint, "due_at": due}
    return UpdateOne({"_id": delivery.id}, {"$setOnInsert": document}, upsert=True)


def withheld(force: str, subject: str) -> list[Write]:
    """Tell nobody more of a record that has become sensitive, and keep no more of it than it shows now."""
    of_it = {"force": force, "subject": subject}
    return [
        UpdateMany(of_it | {"status": PENDING}, _ending("The record has become sensitive")),
        UpdateMany(of_it, {"$unset": {"event.data": ""}}),
    ]


def purged(force: str, subject: str) -> list[Write]:
    """Keep nothing of a record that was erased."""
    return [DeleteMany({"force": force, "subject": subject})]


def _ending(why: str) -> Mapping[str, Any]:
    return {"$set": {"status": DeliveryStatus.ENDED, "why": why, "next_attempt_at": None}, "$unset": NOT_WAITING}
