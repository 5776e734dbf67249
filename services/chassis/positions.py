"""Where a consumer stands in each partition: kept beside its results, moved in the same transaction as they are."""

from collections.abc import Collection as Names
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import TopicPartition

from chassis.builds import key_in
from chassis.mongo import Collection, Mongo, Tx
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
    """The positions of one consumer group, or of one build of a model: each in the one collection, told apart by the build.

    Attributes:
        build: which build of a model they are of; None for the first, and where there are none.
    """

    mongo: Mongo
    database: str
    projection: int = 1
    build: int | None = None

    async def take_up(self, partition: TopicPartition) -> int:
        """Offset of the next record to read; a partition that is new starts at 0, explicitly.

        Raises:
            OtherProjection: the position belongs to another version of the projection.
            StoppedPosition: the partition was stopped.
        """
        key = {"_id": self._key(partition)}
        beginning = {
            "force": force_of(partition.topic),
            "topic": partition.topic,
            "partition": partition.partition,
            "offset": 0,
            "projection": self.projection,
            "build": self.build,
        }
        await self._stored.update_one(key, {"$setOnInsert": beginning}, upsert=True)
        found = await self._stored.find_one(key)
        if found is None or found["projection"] != self.projection:
            message = (
                f"{self.database}: the position of {position_id(partition)} is not of projection {self.projection}: "
                "`roundtable rebuild` makes a new model"
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
        if not await self._stored.update_one(self._at(partition) | {"offset": before}, {"$set": {"offset": after}}, tx=tx):
            raise LostPartition

    async def hold(self, partition: TopicPartition, tx: Tx) -> None:
        """Leave the position where it is, and keep everyone else from committing results of its partition beside this transaction.

        Raises:
            LostPartition: there is no such position of this projection.
        """
        if not await self._stored.update_one(self._at(partition), {"$inc": {"redriven": 1}}, tx=tx):
            raise LostPartition

    async def stop(self, partition: TopicPartition, offset: int, why: str) -> None:
        """Stop a partition that stands at an offset, for every process and over every restart."""
        stopped = {"why": why, "at": datetime.now(UTC)}
        await self._stored.update_one(self._at(partition) | {"offset": offset}, {"$set": {"stopped": stopped}})

    async def standing(self, topics: Names[str]) -> dict[TopicPartition, int]:
        """Where every partition of some topics stands, whichever process reads it; without those that are stopped."""
        return await self._offsets({"topic": {"$in": sorted(topics)}, "stopped": None})

    async def all(self, *, tx: Tx | None = None) -> dict[TopicPartition, int]:
        """Where every partition stands that was ever taken up."""
        return await self._offsets({}, tx)

    async def _offsets(self, where: dict[str, Any], tx: Tx | None = None) -> dict[TopicPartition, int]:
        found = await self._stored.find(where | {"projection": self.projection, "build": self.build}, tx=tx)
        return {TopicPartition(each["topic"], each["partition"]): int(each["offset"]) for each in found}

    @property
    def _stored(self) -> Collection:
        return self.mongo.collection(self.database, COLLECTION)

    def _key(self, partition: TopicPartition) -> str:
        return key_in(self.build, position_id(partition))

    def _at(self, partition: TopicPartition) -> dict[str, Any]:
        return {"_id": self._key(partition), "projection": self.projection}


def position_id(partition: TopicPartition) -> str:
    """What a partition is called wherever something is kept of it."""
    return f"{partition.topic}:{partition.partition}"
