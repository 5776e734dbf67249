"""Where a consumer stands in each partition: kept beside its results, moved in the same transaction as they are."""

from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from chassis.mongo import Mongo, Tx
from contracts.topics import force_of

COLLECTION: Final = "positions"


class LostPartition(Exception):  # noqa: N818 - a signal: someone else has moved the position
    """The position is not where this consumer left it: it must not write, and reads the position again."""


class OtherProjection(Exception):  # noqa: N818 - a state of the world, said to the operator
    """The model was built by another version of the projection, which this one must not touch."""


@dataclass(frozen=True)
class Positions:
    """The positions of one consumer group, or of a model that is built beside the one that the group projects into."""

    mongo: Mongo
    database: str
    projection: int = 1
    collection: str = COLLECTION

    async def take_up(self, partition: TopicPartition) -> int:
        """Offset of the next record to read; a partition that is new starts at 0, explicitly.

        Raises:
            OtherProjection: the position belongs to another version of the projection.
        """
        positions = self.mongo.collection(self.database, self.collection)
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
        return int(found["offset"])

    async def all(self, *, tx: Tx | None = None) -> dict[TopicPartition, int]:
        """The offset of the next record to read, in every partition that was ever taken up."""
        found = await self.mongo.collection(self.database, self.collection).find({}, tx=tx)
        return {TopicPartition(each["topic"], each["partition"]): int(each["offset"]) for each in found}

    async def move(self, partition: TopicPartition, before: int, after: int, tx: Tx) -> None:
        """Move the position, if it is still where this consumer left it.

        Raises:
            LostPartition: it is not.
        """
        where = {"_id": position_id(partition), "offset": before, "projection": self.projection}
        if not await self.mongo.collection(self.database, self.collection).update_one(where, {"$set": {"offset": after}}, tx=tx):
            raise LostPartition


def position_id(partition: TopicPartition) -> str:
    """The `_id` of a partition's position."""
    return f"{partition.topic}:{partition.partition}"
