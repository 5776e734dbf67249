"""Takes deliveries to be sent, and stores what came of it. What is due, and for how long it is taken, the database's clock says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from chassis.group_commit import GroupCommit
from chassis.mongo import Document, Mongo, UpdateOne
from notifications.delivery import Delivery
from notifications.outgoing import NOT_WAITING, PENDING
from notifications.store import DATABASE

LEASE: Final = timedelta(seconds=60)
"""How long a delivery is taken to be sent: far longer than an attempt may last. After that it is due again."""
_KEPT: Final = frozenset({"status", "why", "attempts", "next_attempt_at"})
"""What an attempt changes of a delivery."""
_IS_DUE: Final = {"$expr": {"$lte": ["$due_at", "$$NOW"]}}
DUE_ENDPOINTS: Final[tuple[Document, ...]] = (
    {"$match": {"status": PENDING}},
    {"$sort": {"endpoint": 1, "due_at": 1}},
    {"$group": {"_id": "$endpoint", "due_at": {"$first": "$due_at"}}},
    {"$match": _IS_DUE},
    {"$sort": {"due_at": 1}},
)
"""Skips through the index `due_by_endpoint`, a step for each endpoint, however much waits for it."""


@dataclass(frozen=True)
class Claim:
    """A delivery that this process alone may attempt, until the lease is over."""

    delivery: Delivery
    endpoint: str
    lease: str


@dataclass(frozen=True)
class Settled:
    """What came of a claim."""

    claim: Claim
    delivery: Delivery
    wait: timedelta | None

    @property
    def touches(self) -> frozenset[str]:
        """The delivery."""
        return frozenset({self.delivery.id})

    def write(self) -> UpdateOne:
        """The delivery as it is now; nothing if someone else claimed or ended it."""
        kept = self.delivery.model_dump(mode="json", include=set(_KEPT))
        changes: Document = {name: {"$literal": value} for name, value in kept.items()}
        if self.delivery.status == PENDING and self.wait is not None:
            return UpdateOne(_held(self.claim), [{"$set": changes | {"due_at": _later(self.wait)}}, {"$unset": "lease"}])
        return UpdateOne(_held(self.claim), [{"$set": changes}, {"$unset": list(NOT_WAITING)}])


class Claims:
    """Of every delivery of every subscription, those that this process takes."""

    def __init__(self, mongo: Mongo) -> None:
        self._deliveries = mongo.collection(DATABASE, "deliveries")
        self._settling = GroupCommit(self._settle)

    async def due(self) -> list[str]:
        """Endpoints that something is due to; the one that has waited longest comes first."""
        return [each["_id"] for each in await self._deliveries.aggregate(list(DUE_ENDPOINTS))]

    async def take(self, endpoint: str, most: int) -> list[Claim]:
        """Take deliveries to an endpoint, those that have been due for longest first; none when nothing is due."""
        due = {"status": PENDING, "endpoint": endpoint, **_IS_DUE}
        while found := await self._deliveries.find(due, projection={"_id": 1}, sort=[("due_at", 1)], limit=most):
            if taken := await self._take_of([each["_id"] for each in found]):
                return taken
            # Another process took every one of them meanwhile.
        return []

    async def _take_of(self, ids: Sequence[str]) -> list[Claim]:
        lease = uuid4().hex
        taking = [{"$set": {"lease": lease, "due_at": _later(LEASE)}}]
        # One by one, since the driver repeats no update of many when the answer is lost: they would be nobody's until the lease is over.
        await self._deliveries.bulk_write([UpdateOne({"_id": each, "status": PENDING, **_IS_DUE}, taking) for each in ids], ordered=False)
        found = await self._deliveries.find({"_id": {"$in": list(ids)}, "lease": lease})
        return [Claim(Delivery.model_validate(each), each["endpoint"], lease) for each in found]

    async def settle(self, claim: Claim, delivery: Delivery, wait: timedelta | None) -> None:
        """Store what came of an attempt, due again after `wait`, if the claim still holds; together with others that end meanwhile."""
        await self._settling.add(Settled(claim, delivery, wait))

    async def _settle(self, settled: Sequence[Settled]) -> None:
        await self._deliveries.bulk_write([each.write() for each in settled], ordered=False)

    async def drain(self) -> None:
        """Return when every outcome that was to be stored has been."""
        await self._settling.drain()

    async def release(self, claim: Claim) -> None:
        """Give a delivery back that was not attempted to the end: it is due at once."""
        back = [{"$set": {"due_at": "$$NOW"}}, {"$unset": "lease"}]
        await self._deliveries.update_one(_held(claim), back)


def _held(claim: Claim) -> Document:
    return {"_id": claim.delivery.id, "lease": claim.lease, "status": PENDING}


def _later(wait: timedelta) -> Document:
    return {"$add": ["$$NOW", int(wait.total_seconds() * 1000)]}
