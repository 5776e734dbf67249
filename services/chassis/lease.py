"""A lease: one holder at a time, by the database's clock and never by a process's."""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from chassis.mongo import DuplicateKey, Mongo

COLLECTION: Final = "leases"
LEASE_MILLISECONDS: Final = 8_000


class Lease:
    """The right to do something alone, until it is not renewed."""

    def __init__(self, mongo: Mongo, database: str, name: str) -> None:
        self._leases = mongo.collection(database, COLLECTION)
        self._name = name
        self.holder = uuid4().hex

    async def hold(self) -> bool:
        """Take or renew the lease; whether it is held now."""
        mine_or_over = {"$or": [{"holder": self.holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        renewed = [{"$set": {"holder": self.holder, "until": {"$add": ["$$NOW", LEASE_MILLISECONDS]}}}]
        if await self._leases.update_one({"_id": self._name} | mine_or_over, renewed):
            return True
        try:
            # An upsert cannot compare with the database's clock, so a lease begins run out, and is then taken as above.
            await self._leases.insert_one({"_id": self._name, "holder": None, "until": datetime.min.replace(tzinfo=UTC)})
        except DuplicateKey:
            return False
        return await self._leases.update_one({"_id": self._name} | mine_or_over, renewed) == 1

    async def release(self) -> None:
        """Let the lease go, so that the next holder need not wait."""
        await self._leases.delete_one({"_id": self._name, "holder": self.holder})
