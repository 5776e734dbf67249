"""The partitions of this process that stand still for a reason: each says it until it goes on. The others go on meanwhile."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import TopicPartition

from chassis import metrics
from chassis.health import Unready
from contracts.topics import force_of

log = structlog.get_logger()
LOOK_AGAIN_SECONDS: Final = 3.0
"""How long a partition rests before it is looked at again: an operator may have mended what stopped it."""
_SHOWN: Final = 3


def outside(partition: TopicPartition, offset: int, start: int | None, end: int | None) -> str:
    """What to say of a position that is outside its log.

    Args:
        partition: where it is.
        offset: the position.
        start: offset of the log's first record; None where Kafka did not tell.
        end: offset after its last one.
    """
    known = (
        "and Kafka does not tell where the log begins and ends" if None in (start, end) else f"and the log reaches from {start} to {end}"
    )
    return (
        f"the position in partition {partition.partition} of topic {partition.topic} is {offset}, {known}: the topic was made anew, "
        "or its log was cut. Nothing is read of it: do as docs/operating.md says under PartitionStopped"
    )


@dataclass(frozen=True)
class Reason:
    """Why a partition stands, and until when it is left alone."""

    why: str
    until: float


class Stopped:
    """The partitions that stand."""

    def __init__(self) -> None:
        self._reasons: dict[TopicPartition, Reason] = {}

    def add(self, partition: TopicPartition, why: str) -> None:
        """Let a partition rest; said aloud unless it was said before."""
        known = self._reasons.get(partition)
        self._reasons[partition] = Reason(why, asyncio.get_running_loop().time() + LOOK_AGAIN_SECONDS)
        if known is None or known.why != why:
            log.critical("partition_stopped", force=force_of(partition.topic), partition=partition.partition, why=why)
        self._show()

    def remove(self, partition: TopicPartition) -> None:
        """Say that a partition goes on."""
        if self._reasons.pop(partition, None) is not None:
            log.warning("partition_goes_on", force=force_of(partition.topic), partition=partition.partition)
            self._show()

    def clear(self) -> None:
        """Forget all: the partitions went to someone, who finds them stopped."""
        self._reasons.clear()
        self._show()

    def rests(self, partition: TopicPartition) -> bool:
        """Whether a partition is to be left alone for now."""
        reason = self._reasons.get(partition)
        return reason is not None and asyncio.get_running_loop().time() < reason.until

    async def probe(self) -> None:
        """Return when none stands.

        Raises:
            Unready: some do.
        """
        reasons = dict.fromkeys(reason.why for reason in self._reasons.values())
        if reasons:
            raise Unready("; ".join(list(reasons)[:_SHOWN]))

    def _show(self) -> None:
        metrics.partitions_stopped.clear()
        for force, number in Counter(force_of(partition.topic) for partition in self._reasons).items():
            metrics.partitions_stopped.labels(force=force).set(number)
