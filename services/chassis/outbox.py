"""The outbox: what was recorded and must reach Kafka, written in the same transaction as the state it tells of."""

from collections.abc import Collection as Names
from typing import Final

from chassis.mongo import Document, Mongo
from contracts.codec import Message
from contracts.state import LastEvent

COLLECTION: Final = "outbox"
PENDING: Final = "pending"
PUBLISHED: Final = "published"
ALL_PENDING: Final = {"status": PENDING, "subject": {"$gte": ""}}
"""The subject, which every record has, leads to the index of what is pending: fourteen days of published ones are not read."""
KEPT_SECONDS: Final = 14 * 24 * 3600
"""How long a published record is kept, for `republish`."""


def pending(message: Message, supersedes: str | None = None) -> Document:
    """The outbox record of an event that Kafka does not have yet.

    Args:
        message: the event.
        supersedes: the data key that the record had until now, to be destroyed once the event is on its way.
    """
    return {
        "_id": message.id,
        "status": PENDING,
        "force": message.force,
        "service": message.service,
        "subject": message.subject,
        "version": message.version,
        "type": message.type,
        "time": message.time,
        "traceparent": message.traceparent,
        "data": message.data,
        "supersedes": supersedes,
    }


def message_of(record: Document) -> Message:
    """The event that an outbox record holds."""
    return Message(record["_id"], record["type"], record["service"], record["time"], record["data"], record["traceparent"])


def again(service: str, state: Document) -> tuple[Document, Document]:
    """Which outbox record, and the update (an upsert), by which the event of a stored state is sent once more.

    It is the event that made the state what it is: same id, type, time and sequence, so that nobody is told twice. A record that
    was published waits again, one that waits stays as it is, and one that is gone is made anew. A record that waits carries no
    `published_at`: it never expires.

    Raises:
        ValueError: the state does not say which event made it what it is.
    """
    event = LastEvent.model_validate(state.get("last_event"))
    data = {name: value for name, value in state.items() if name != "_id"}
    record = pending(Message(event.id, event.type, service, event.time, data))
    where = {"_id": record.pop("_id")}
    first = {name: record.pop(name) for name in ("traceparent", "supersedes")}
    return where, {"$set": record, "$setOnInsert": first, "$unset": {"published_at": ""}}


class Outbox:
    """The outbox of one service."""

    def __init__(self, mongo: Mongo, database: str) -> None:
        self.records = mongo.collection(database, COLLECTION)

    async def indexes(self) -> None:
        """Pending records by aggregate and version; published ones expire. Pending ones carry no `published_at`."""
        await self.records.create_index(
            [("subject", 1), ("version", 1)], name="pending_by_aggregate", partialFilterExpression={"status": PENDING}
        )
        await self.records.create_index([("published_at", 1)], name="expiry", expireAfterSeconds=KEPT_SECONDS)

    async def take(self, limit: int, leave_out: Names[str] = (), after: Document | None = None) -> list[Document]:
        """Pending records, each aggregate's lowest versions first, of all forces but some.

        The order by aggregate makes whatever is taken a prefix of each aggregate's versions, so that none overtakes another.

        Args:
            limit: how many at most.
            leave_out: forces whose records stay.
            after: only those that come after this record in that order. What is committed before it meanwhile is not among them:
                the next look from the beginning finds it.
        """
        where: Document = {"status": PENDING} | ({"force": {"$nin": list(leave_out)}} if leave_out else {})
        # From that record's aggregate on: the record itself, and what came before it there, is read again and left out.
        place, again = (("", 0), 0) if after is None else (_place(after), 1)
        found = await self.records.find(
            where | {"subject": {"$gte": place[0]}}, sort=[("subject", 1), ("version", 1)], limit=limit + again, hint="pending_by_aggregate"
        )
        # Where that record was marked meanwhile, there was one more to find.
        return [record for record in found if _place(record) > place][:limit]

    async def mark(self, ids: list[str]) -> None:
        """Mark records that Kafka has acknowledged; the time is the database's."""
        done = {"$set": {"status": PUBLISHED}, "$currentDate": {"published_at": True}}
        await self.records.update_many({"_id": {"$in": ids}, "status": PENDING}, done)

    async def depth(self) -> list[tuple[str, int, float]]:
        """For each force with pending records: their number and the age of the oldest in seconds."""
        found = await self.records.aggregate(
            [
                {"$match": ALL_PENDING},
                {"$group": {"_id": "$force", "count": {"$sum": 1}, "oldest": {"$min": "$time"}}},
                {"$addFields": {"age": {"$divide": [{"$subtract": ["$$NOW", "$oldest"]}, 1000]}}},
            ]
        )
        return [(row["_id"], row["count"], max(0.0, float(row["age"]))) for row in found]


def _place(record: Document) -> tuple[str, int]:
    return record["subject"], record["version"]
