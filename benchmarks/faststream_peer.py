"""FastStream's batch handler with the plain loop's writes, as a process of its own: at least once, its offsets kept by Kafka."""

import asyncio
import json
import os
from collections import defaultdict
from typing import Any

from aiokafka import TopicPartition
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.security import SASLScram512
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from benchmarks.plain_projector import Sent, write
from chassis.batch import BATCH
from contracts.codec import decode


async def main() -> None:
    """Project what the environment says."""
    told = json.loads(os.environ["BENCHMARK_PEER"])
    broker = KafkaBroker(told["kafka"], security=SASLScram512("admin", told["password"]), logger=None)
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(told["mongo"], w="majority", tz_aware=True)
    database = client[told["database"]]
    options = {"group_id": told["group"], "auto_offset_reset": "earliest", "max_records": BATCH, "ack_policy": AckPolicy.ACK}

    # The records are read by the codec, as everywhere here: FastStream need not read their JSON too.
    @broker.subscriber(told["topic"], batch=True, decoder=_undecoded, **options)  # type: ignore[untyped-decorator]  # no part of the environment that is checked
    async def project(message: KafkaMessage) -> None:
        gathered: dict[TopicPartition, list[Sent]] = defaultdict(list)
        for record in message.raw_message:
            event = decode(record.value, record.key, record.headers)
            gathered[TopicPartition(record.topic, record.partition)].append((event, record.offset))
        async with await client.start_session() as session:

            async def body(session: Any) -> None:  # noqa: ANN401 - Motor's
                for where, messages in gathered.items():
                    await write(database, where, messages, session)

            await session.with_transaction(body, ReadConcern("snapshot"), WriteConcern("majority"))

    await FastStream(broker, logger=None).run()


async def _undecoded(_: KafkaMessage) -> tuple[()]:
    return ()


if __name__ == "__main__":
    asyncio.run(main())
