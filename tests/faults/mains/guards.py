"""Guards taken out, one function each: with any of them gone, a row of the matrix must fail."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from pymongo.write_concern import WriteConcern

import chassis.kafka
import chassis.mongo.client
import chassis.relay
import readmodel.build
import readmodel.projector
from chassis.admission import AdmittedRoute
from chassis.desk import Desk
from chassis.entries import Entry
from chassis.lease import LEASE_MILLISECONDS, Lease
from chassis.mongo import Document, DuplicateKey, Mongo, Tx, Unavailable, Write
from chassis.outbox import COLLECTION as OUTBOX
from chassis.parked import ParkedEvents
from chassis.positions import COLLECTION, Positions
from chassis.principal import Principal, Role
from chassis.read_ahead import BATCH
from chassis.registry import Registry
from chassis.relay import Relay
from chassis.settings import Settings
from contracts.codec import Message
from notifications.domain import Subscription
from notifications.store import Subscriptions
from tests.faults.mains.exchange import exchange

_FOR_EVER = 3600.0


def receipt_not_written(_: int) -> None:
    """A request that is repeated is not known again."""

    async def receipt(*_: Any) -> None:
        await asyncio.sleep(0)

    exchange(Desk, "_receipt", receipt)


def marks_before_ack(_: int) -> None:
    """The relay marks records as published before Kafka has them."""

    async def carry(self: Relay) -> bool:
        outbox = self._ahead._outbox
        records = await outbox.take(BATCH)
        if records:
            await outbox.mark([record["_id"] for record in records])
            await self._send(records)
        return bool(records)

    exchange(Relay, "_carry", carry)


def ack_not_awaited(_: int) -> None:
    """Kafka is not asked whether it has an event."""

    def producer(settings: Settings) -> AIOKafkaProducer:
        return AIOKafkaProducer(**chassis.kafka.connection(settings), acks=0)

    exchange(chassis.relay, "producer", producer)


def newest_not_kept(_: int) -> None:
    """The read model takes whatever comes last for the newest."""

    def fold(_: Document | None, message: Message) -> Document:
        return {"_id": f"{message.force}:{message.subject}", **message.data}

    exchange(readmodel.projector, "fold", fold)


def position_apart(_: int) -> None:
    """The position moves outside of the transaction that it is of."""
    move = Positions.move

    async def moved(self: Positions, partition: TopicPartition, before: int, after: int, tx: Tx) -> None:
        del tx
        await move(self, partition, before, after, None)  # type: ignore[arg-type]  # without a transaction, which is the fault

    exchange(Positions, "move", moved)


def position_not_compared(_: int) -> None:
    """The position moves wherever it is."""

    async def move(self: Positions, partition: TopicPartition, before: int, after: int, tx: Tx) -> None:
        del before
        positions = self.mongo.collection(self.database, COLLECTION)
        await positions.update_one({"_id": self._key(partition)}, {"$set": {"offset": after}}, tx=tx)

    exchange(Positions, "move", move)


def takes_up_from_memory(_: int) -> None:
    """A consumer that comes to a partition again goes on from where it was itself, whoever was there meanwhile."""
    take_up, remembered = Positions.take_up, dict[TopicPartition, int]()

    async def again(self: Positions, partition: TopicPartition) -> int:
        if partition not in remembered:
            remembered[partition] = await take_up(self, partition)
        return remembered[partition]

    exchange(Positions, "take_up", again)


def group_waits_long(_: int) -> None:
    """A group waits for members that are gone, for longer than the request takes by which one joins."""
    exchange(chassis.kafka, "REBALANCE_SECONDS", 60.0)


def one_member_suffices(_: int) -> None:
    """A write counts when one member of the replica set has it."""
    exchange(chassis.mongo.client, "_MAJORITY", WriteConcern(1))


def away_counts_as_committed(_: int) -> None:
    """A transaction that found no database is taken for one that took hold."""
    transaction = Mongo.transaction

    async def committed(self: Mongo, body: Any) -> Any:
        try:
            return await transaction(self, body)
        except (Unavailable, DuplicateKey):
            return None

    exchange(Mongo, "transaction", committed)


def waits_without_bound(_: int) -> None:
    """Whoever asks Kafka waits as long as it takes."""
    exchange(chassis.kafka, "REQUEST_SECONDS", _FOR_EVER)
    exchange(chassis.relay, "REQUEST_SECONDS", _FOR_EVER)


def lease_by_own_clock(_: int) -> None:
    """A lease is over when this process's own clock says so."""

    async def hold(self: Lease) -> bool:
        now = datetime.now(UTC)
        free = {"_id": self._name, "$or": [{"holder": self.holder}, {"until": {"$lt": now}}]}
        taken = {"$set": {"holder": self.holder, "until": now + timedelta(milliseconds=LEASE_MILLISECONDS)}}
        try:
            await self._leases.update_one(free, taken, upsert=True)
        except DuplicateKey:
            return False
        return True

    exchange(Lease, "hold", hold)


def parks_nothing(_: int) -> None:
    """What cannot be handled is passed over."""

    async def park(*_: Any) -> None:
        await asyncio.sleep(0)

    exchange(ParkedEvents, "park", park)


def verifies_nothing(_: int) -> None:
    """A model that was built becomes the live one, whatever it holds."""

    async def verify(*_: Any) -> None:
        await asyncio.sleep(0)

    exchange(readmodel.build, "_verify", verify)


def revocations_not_heeded(_: int) -> None:
    """What a token or a session says is granted, whatever was revoked since."""

    def roles(self: Registry, principal: Principal, force: str) -> frozenset[Role]:
        return principal.grants.get(force, frozenset()) if force in self.forces else frozenset()

    exchange(Registry, "roles", roles)


def sends_to_whoever_subscribed(_: int) -> None:
    """A subscription stands, whatever became of its owner's grant."""

    async def standing(_: Subscriptions, subscriptions: Collection[Subscription]) -> list[Subscription]:
        await asyncio.sleep(0)
        return list(subscriptions)

    exchange(Subscriptions, "standing", standing)


def outbox_forgotten(_: int) -> None:
    """What a request changes is written, and its events are not."""
    writes = Entry.writes

    def without(self: Entry) -> list[tuple[str, Write]]:
        return [(collection, write) for collection, write in writes(self) if collection != OUTBOX]

    exchange(Entry, "writes", without)


def tokens_suffice(_: int) -> None:
    """Whoever has a token comes in, whatever it grants."""

    def admit(*_: Any) -> None:
        """Let everyone in."""

    exchange(AdmittedRoute, "_admit", admit)


CHANGES: dict[str, Callable[[int], None]] = {
    guard.__name__.replace("_", "-"): guard
    for guard in (
        receipt_not_written,
        marks_before_ack,
        ack_not_awaited,
        newest_not_kept,
        position_apart,
        position_not_compared,
        takes_up_from_memory,
        group_waits_long,
        one_member_suffices,
        away_counts_as_committed,
        waits_without_bound,
        lease_by_own_clock,
        parks_nothing,
        verifies_nothing,
        revocations_not_heeded,
        sends_to_whoever_subscribed,
        outbox_forgotten,
        tokens_suffice,
    )
}
