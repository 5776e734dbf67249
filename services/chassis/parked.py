"""Parked events: what could not be handled, kept as it was received, with why and where it came from."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from bson import Binary

from chassis import metrics
from chassis.mongo import Tx, Unavailable
from chassis.runtime import Runtime
from contracts.topics import force_of

log = structlog.get_logger()
COLLECTION: Final = "parked"
EVERY_SECONDS: Final = 5.0
LIMIT: Final = 1_000
"""Past this many, something is wrong with the consumer and not with the events: it stops."""


class TooManyParked(Exception):  # noqa: N818 - said to the operator
    """So many events are parked that the consumer stops before it parks everything."""


async def park(runtime: Runtime, partition: TopicPartition, record: Any, why: Exception, tx: Tx) -> None:  # noqa: ANN401 - a value of any type
    """Keep a record that could not be handled; what it holds is sealed as it was on the log.

    Raises:
        TooManyParked: the limit is reached.
    """
    events = runtime.mongo.collection(runtime.name, COLLECTION)
    if await events.count({}, tx=tx) >= LIMIT:
        message = f"{LIMIT} events are parked: `roundtable parked list` shows why"
        raise TooManyParked(message)
    await events.insert_one(
        {
            "_id": f"{partition.topic}:{partition.partition}:{record.offset}",
            "force": force_of(partition.topic),
            "topic": partition.topic,
            "partition": partition.partition,
            "offset": record.offset,
            "key": Binary(record.key or b""),
            "value": Binary(record.value or b""),
            "headers": [{"name": name, "value": Binary(value)} for name, value in record.headers],
            "error": type(why).__name__,
            "parked_at": datetime.now(UTC),
        },
        tx=tx,
    )


async def watch(runtime: Runtime) -> None:
    """Show how many events are parked until the service stops: an operator may redrive or discard them at any time."""
    events = runtime.mongo.collection(runtime.name, COLLECTION)
    while True:
        try:
            metrics.parked_events.set(await events.count({}))
        except Unavailable as error:
            log.info("parked_not_counted", why=str(error)[:200])
        await asyncio.sleep(EVERY_SECONDS)
