"""Where a consumer stands in each partition: kept beside its results, moved in the same transaction as they are."""

from collections.abc import Collection as Names
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiokafka import TopicPartition

from chassis.mongo import Mongo, Tx
from contracts.topics import force_of

COLLECTION: Final = "positions"


class LostPartition(Exception):  # noqa: N818 - a signal: someone else has moved the position
    """The position is not where this consumer left it: it must not write, and reads the position again."""


class OtherProjection(Exception):  # noqa: N818 - a state of the world, said to the operator
    """The model was built by another version of the projection, which this one must not touch."""


class StoppedPosition(Exception):  # noqa: N818 - as above
    """The partition was stopped, and stays so until an operator resumes it; the message says why."""


@dataclass(frozen=True)
class Positions:
    """The positions of one consumer group."""

    mongo: Mongo
    database: str
    projection: int

    async def take_up(self, partition: TopicPartition) -> int:
        """Offset of the next record to read; a partition that is new starts at 0, explicitly.

        Raises:
            OtherProjection: the position belongs to another version of the projection.
            StoppedPosition: the partition was stopped.
        """
        positions = self.mongo.collection(self.database, COLLECTION)
        key = position_id(partition)
        beginning = {
            "force": force_of(partition.topic),
            "topic": partition.topic,
            "partition": partition.partition,
            "offset": 0,
            "projection": self.projection,
        }
        await positions.update_one({"_id": key}, {"$setOnInsert": beginning}, upsert=True)
        found = await positions.find_one({"_id": key})
        if found is None or found["projection"] != self.projection:
            message = (
                f"{self.database}: the position of {key} is not of projection {self.projection}: `roundtable rebuild` makes a new model"
            )
            raise OtherProjection(message)
        if found.get("stopped"):
            raise StoppedPosition(found["stopped"]["why"])
        return int(found["offset"])

    async def move(self, partition: TopicPartition, before: int, after: int, tx: Tx) -> None:
        """Move the position, if it is still where this consumer left it.

        Raises:
            LostPartition: it is not.
        """
        where = {"_id": position_id(partition), "offset": before, "projection": self.projection}
        if not await self.mongo.collection(self.database, COLLECTION).update_one(where, {"$set": {"offset": after}}, tx=tx):
            raise LostPartition

    async def hold(self, partition: TopicPartition, tx: Tx) -> None:
        """Leave the position where it is, and keep everyone else from committing results of its partition beside this transaction.

        Raises:
            LostPartition: there is no such position of this projection.
        """
        where = {"_id": position_id(partition), "projection": self.projection}
        if not await self.mongo.collection(self.database, COLLECTION).update_one(where, {"$inc": {"redriven": 1}}, tx=tx):
            raise LostPartition

    async def stop(self, partition: TopicPartition, offset: int, why: str) -> None:
        """Stop a partition that stands at an offset, for every process and over every restart."""
        where = {"_id": position_id(partition), "offset": offset, "projection": self.projection}
        stopped = {"why": why, "at": datetime.now(UTC)}
        await self.mongo.collection(self.database, COLLECTION).update_one(where, {"$set": {"stopped": stopped}})

    async def standing(self, topics: Names[str]) -> dict[TopicPartition, int]:
        """Where this projection stands in every partition of some topics, whichever process reads it; without those that are stopped."""
        where = {"topic": {"$in": sorted(topics)}, "projection": self.projection, "stopped": None}
        found = await self.mongo.collection(self.database, COLLECTION).find(where)
        return {TopicPartition(each["topic"], each["partition"]): int(each["offset"]) for each in found}


def position_id(partition: TopicPartition) -> str:
    """The `_id` of a partition's position."""
    return f"{partition.topic}:{partition.partition}"
