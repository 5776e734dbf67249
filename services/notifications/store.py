"""Where notifications keeps subscriptions, their secrets, and which records are sensitive or erased now."""

import asyncio
from collections.abc import Collection as Names
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chassis.mongo import Collection, DeleteOne, Document, DuplicateKey, Mongo, Tx, UpdateOne, Write
from chassis.recording import IDEMPOTENCY, stored_id
from chassis.registry import DATABASE as REGISTRY
from chassis.runtime import Runtime
from notifications.domain import REVOKED, Hidden, Subscription

DATABASE: Final = "notifications"
COLLECTIONS: Final = ("subscriptions", "secrets", "deliveries", "subjects", "watermarks", IDEMPOTENCY)
_RECEIPT_SECONDS: Final = 7 * 24 * 3600


async def setup(runtime: Runtime) -> None:
    """Make the collections, since a transaction had better not be the first to write to one, and the indexes."""
    for name in COLLECTIONS:
        await runtime.mongo.ensure_collection(DATABASE, name)
    pending = {"partialFilterExpression": {"status": "pending"}}
    deliveries = runtime.mongo.collection(DATABASE, "deliveries")
    await deliveries.create_index([("status", 1), ("endpoint", 1), ("due_at", 1)], name="due_by_endpoint", **pending)
    await deliveries.create_index([("subscription_id", 1)], name="pending_by_subscription", **pending)
    await deliveries.create_index([("force", 1), ("subject", 1)], name="by_subject")
    receipts = runtime.mongo.collection(DATABASE, IDEMPOTENCY)
    await receipts.create_index([("created_at", 1)], name="expiry", expireAfterSeconds=_RECEIPT_SECONDS)


async def registered_since(mongo: Mongo, forces: Names[str], at: datetime) -> set[str]:
    """Which of some forces were registered after an instant."""
    found = await mongo.collection(REGISTRY, "forces").find(
        {"_id": {"$in": sorted(forces)}, "registered_at": {"$gte": at}}, projection={"_id": 1}
    )
    return {force["_id"] for force in found}


@dataclass(frozen=True)
class Addressee:
    """Who a delivery is sent to."""

    subscription: Subscription
    secret: str
    stands: bool
    """Whether the grant of its owner does."""


class Subscriptions:
    """The subscriptions of every force, and beside them their secrets, which no list and no log shows."""

    def __init__(self, mongo: Mongo) -> None:
        self._subscriptions = mongo.collection(DATABASE, "subscriptions")
        self._secrets = mongo.collection(DATABASE, "secrets")
        self._grants = mongo.collection(REGISTRY, "grants")
        self.receipts = mongo.collection(DATABASE, IDEMPOTENCY)

    async def add(self, subscription: Subscription, secret: str, tx: Tx) -> None:
        """Store a new subscription and its secret."""
        await self._subscriptions.insert_one(_document(subscription), tx=tx)
        await self._secrets.insert_one({"_id": _key(subscription), "force": subscription.force, "secret": secret}, tx=tx)

    async def find(self, force: str, subscription_id: str, tx: Tx | None = None) -> Subscription | None:
        """One subscription of a force."""
        found = await self._subscriptions.find_one({"_id": stored_id(force, subscription_id)}, tx=tx)
        return None if found is None else _subscription(found)

    async def page(self, force: str, after: str, limit: int) -> list[Subscription]:
        """Subscriptions of a force from one id on, oldest first."""
        where = {"force": force, "_id": {"$gt": stored_id(force, after), "$lt": f"{force};"}}
        return [_subscription(found) for found in await self._subscriptions.find(where, sort=[("_id", 1)], limit=limit)]

    async def active(self, force: str, tx: Tx) -> list[Subscription]:
        """The subscriptions of a force that are told of events, as of this transaction."""
        where = {"_id": {"$gt": f"{force}:", "$lt": f"{force};"}, "force": force, "status": "active"}
        return [_subscription(found) for found in await self._subscriptions.find(where, tx=tx)]

    async def silenced(self) -> list[Subscription]:
        """The subscriptions that are disabled because their owners' grants were revoked."""
        return [_subscription(found) for found in await self._subscriptions.find({"status": "disabled", "why": REVOKED})]

    async def replace(self, subscription: Subscription, tx: Tx | None = None) -> bool:
        """Store the next version of a subscription; whether it was still at the one before."""
        where = {"_id": _key(subscription), "version": subscription.version - 1}
        return await self._subscriptions.replace_one(where, _document(subscription), tx=tx) == 1

    async def remove(self, subscription: Subscription, tx: Tx) -> bool:
        """Delete a subscription and its secret; whether it was still at this version."""
        await self._secrets.delete_one({"_id": _key(subscription)}, tx=tx)
        return await self._subscriptions.delete_one({"_id": _key(subscription), "version": subscription.version}, tx=tx) == 1

    async def secret(self, force: str, subscription_id: str) -> str | None:
        """What a subscription's webhooks are signed with."""
        found = await self._secrets.find_one({"_id": stored_id(force, subscription_id)})
        return None if found is None else str(found["secret"])

    async def own_secret(self, name: str, fresh: str) -> str:
        """A secret of the service itself, made at first use and shared by every process."""
        try:
            await self._secrets.insert_one({"_id": name, "secret": fresh})
        except DuplicateKey:
            found = await self._secrets.find_one({"_id": name})
            return fresh if found is None else str(found["secret"])
        return fresh

    async def grant(self, subject: str, force: str, granted: Document, tx: Tx) -> bool:
        """Record the grant that a subscription stands on; whether it stands. One that was revoked stays revoked."""
        key = {"_id": f"{subject}:{force}"}
        known = await self._grants.find_one(key, tx=tx)
        if known is not None and known.get("revoked_at") is not None:
            return False
        added = {"$setOnInsert": granted | {"revoked_at": None}, "$addToSet": {"roles": "subscriber"}}
        await self._grants.update_one(key, added, upsert=True, tx=tx)
        return True

    async def addressees(self, keys: Names[str]) -> dict[str, Addressee]:
        """Who is to be sent something, by the stored ids of the subscriptions, as it stands now; those that are gone are left out."""
        wanted = {"_id": {"$in": sorted(keys)}}
        subscriptions, secrets = await asyncio.gather(self._subscriptions.find(wanted), self._secrets.find(wanted))
        secret_of = {found["_id"]: str(found["secret"]) for found in secrets}
        known = {found["_id"]: _subscription(found) for found in subscriptions if found["_id"] in secret_of}
        stand = {_key(each) for each in await self.standing(known.values())}
        return {key: Addressee(each, secret_of[key], key in stand) for key, each in known.items()}

    async def standing(self, subscriptions: Names[Subscription]) -> list[Subscription]:
        """Those whose owners' grants stand now: asked of the registry itself, at every sending."""
        wanted = {"_id": {"$in": sorted({_grant(each) for each in subscriptions})}, "revoked_at": None, "roles": "subscriber"}
        found = await self._grants.find(wanted, projection={"_id": 1}) if subscriptions else []
        stand = {grant["_id"] for grant in found}
        return [each for each in subscriptions if _grant(each) in stand]


class Subjects:
    """The records that are sensitive or erased now. There is a document for each of them, and for no other."""

    def __init__(self, mongo: Mongo) -> None:
        self._subjects: Collection = mongo.collection(DATABASE, "subjects")

    async def hidden(self, keys: Names[str], tx: Tx | None = None) -> dict[str, Hidden]:
        """Which of these are hidden, by stored id."""
        found = await self._subjects.find({"_id": {"$in": sorted(keys)}}, tx=tx)
        return {subject["_id"]: Hidden(subject["version"], subject["erased"]) for subject in found}

    async def update(self, before: Mapping[str, Hidden], after: Mapping[str, Hidden], tx: Tx) -> None:
        """Store what became hidden and delete what is hidden no longer."""
        gone: list[Write] = [DeleteOne({"_id": key}) for key in before.keys() - after.keys()]
        changed = {key: now for key, now in after.items() if before.get(key) != now}
        await self._subjects.bulk_write([*gone, *(_stored(key, now) for key, now in sorted(changed.items()))], tx=tx)


def _stored(key: str, now: Hidden) -> UpdateOne:
    return UpdateOne({"_id": key}, {"$set": {"version": now.version, "erased": now.erased}}, upsert=True)


class Watermarks:
    """How far each partition was ever told of. It never goes down, so that reading again tells nobody again."""

    def __init__(self, mongo: Mongo) -> None:
        self._watermarks = mongo.collection(DATABASE, "watermarks")

    async def of(self, partition: str, tx: Tx) -> int:
        """Offset of the first event of a partition that nobody was told of."""
        found = await self._watermarks.find_one({"_id": partition}, tx=tx)
        return 0 if found is None else int(found["offset"])

    async def raise_to(self, partition: str, force: str, offset: int, tx: Tx) -> None:
        """Say that everything before an offset was told."""
        await self._watermarks.update_one({"_id": partition}, {"$max": {"offset": offset}, "$set": {"force": force}}, upsert=True, tx=tx)


def _grant(subscription: Subscription) -> str:
    return f"{subscription.owner}:{subscription.force}"


def _key(subscription: Subscription) -> str:
    return stored_id(subscription.force, subscription.id)


def _document(subscription: Subscription) -> dict[str, Any]:
    return {"_id": _key(subscription), **subscription.model_dump(mode="json", exclude={"secret"})}


def _subscription(document: Document) -> Subscription:
    return Subscription.model_validate({name: value for name, value in document.items() if name != "_id"})
