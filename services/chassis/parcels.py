"""Parcels: what the relay hands to Kafka's client, whole batches of one partition instead of single records."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from chassis.mongo import Document
from chassis.outbox import message_of
from contracts.codec import encode

_ROOM_FOR_HEADERS: Final = 4_096


@dataclass
class Parcel:
    """A batch for one partition, closed to others, and the outbox records that it is made of."""

    partition: int
    batch: Any
    records: list[Document] = field(default_factory=list)

    def holds(self, record: Document, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> bool:
        """Add a record; False when there is no room. A batch that is empty has room for any."""
        fits = self.batch.append(timestamp=None, key=key, value=value, headers=headers) is not None
        if fits:
            self.records.append(record)
        return fits


def parcelled(client: AIOKafkaProducer, records: Sequence[Document], partitions: int, largest: int) -> list[Parcel]:
    """Records of one force as parcels. In each partition they are in the order given, and so are the parcels.

    Args:
        client: makes the batches.
        records: of the outbox.
        partitions: how many the force's topic has.
        largest: bytes of the largest record that may be sent; what comes after a larger one is left, as it is.
    """
    parcels: list[Parcel] = []
    filling: dict[int, Parcel] = {}
    for record in records:
        key, value, headers = encode(message_of(record))
        if len(value) + _ROOM_FOR_HEADERS > largest:
            break
        partition = partition_of(key, partitions)
        if partition not in filling or not filling[partition].holds(record, key, value, headers):
            filling[partition] = Parcel(partition, client.create_batch())
            filling[partition].holds(record, key, value, headers)
            parcels.append(filling[partition])
    for parcel in parcels:
        parcel.batch.close()
    return parcels


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as Kafka's own clients choose it."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
