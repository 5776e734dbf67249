"""The plain loop that the projector is compared with: one partition after the other, each document replaced with upsert."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import ReplaceOne, UpdateOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from benchmarks.ground import Ground
from benchmarks.pace import Pace
from chassis.batch import BATCH
from chassis.kafka import consumer
from chassis.runtime import Runtime
from contracts.codec import Message, decode
from contracts.concern import Concern
from contracts.dates import instant
from contracts.topics import PARTITIONS, topic
from readmodel.projections import PROJECTION, fold, movement
from readmodel.tally import field_of

Document = dict[str, Any]
Sent = tuple[Message, int]
"""An event and its offset."""
Database = AsyncIOMotorDatabase[Document]


async def project_plainly(ground: Ground, runtime: Runtime, force: str, pace: Pace) -> None:
    """Project every partition of a force's topic, the position in the same transaction as its results."""
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(ground.engines.mongo_url("readmodel"), w="majority", tz_aware=True)
    database = client[f"{ground.prefix}readmodel"]
    reader = consumer(runtime.settings)
    await reader.start()
    partitions = [TopicPartition(topic(force), number) for number in range(PARTITIONS)]
    reader.assign(partitions)
    await reader.seek_to_beginning(*partitions)
    while not await pace.is_over():
        for partition, records in (await reader.getmany(timeout_ms=200, max_records=BATCH)).items():
            messages = [(decode(record.value, record.key, record.headers), record.offset) for record in records]
            async with await client.start_session() as session:

                async def body(session: Any, where: TopicPartition = partition, batch: Sequence[Sent] = messages) -> None:  # noqa: ANN401 - Motor's
                    place = {"_id": f"{where.topic}:{where.partition}"}
                    await database["positions"].update_one(place, {"$set": {"offset": batch[-1][1] + 1}}, upsert=True, session=session)
                    await write(database, where, batch, session)

                await session.with_transaction(body, ReadConcern("snapshot"), WriteConcern("majority"))
            pace.committed(len(messages))
    await reader.stop()
    client.close()


async def write(database: Database, where: TopicPartition, messages: Sequence[Sent], session: Any) -> None:  # noqa: ANN401 - Motor's
    """What is written of messages of one partition, beside the position: documents, figures and history."""
    concerns = database[f"concerns_p{PROJECTION}"]
    keys = list({_key(message) for message, _ in messages})
    old = {document["_id"]: document for document in await concerns.find({"_id": {"$in": keys}}, session=session).to_list(None)}
    new = dict(old)
    for message, _ in messages:
        new[_key(message)] = fold(new.get(_key(message)), message)
    await concerns.bulk_write([ReplaceOne({"_id": key}, new[key], upsert=True) for key in keys], session=session)
    await database[f"figures_p{PROJECTION}"].bulk_write(_counts(where, old, new), session=session)
    await database[f"history_p{PROJECTION}"].insert_many([_line(where, *each) for each in messages], session=session)


def _counts(where: TopicPartition, old: dict[str, Document], new: dict[str, Document]) -> list[UpdateOne]:
    moved: dict[str | None, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for key, document in new.items():
        for date, figures in movement(Concern, old.get(key), document).items():
            moved[date].update(figures)
    changes = {date: {f"counts.{field_of(name)}": number for name, number in figures.items() if number} for date, figures in moved.items()}
    return [UpdateOne({"_id": f"{where.topic}:{date}"}, {"$inc": change}, upsert=True) for date, change in changes.items() if change]


def _line(where: TopicPartition, message: Message, offset: int) -> Document:
    return {
        "_id": f"{message.force}:{message.id}",
        "force": message.force,
        "subject": message.subject,
        "type": message.type,
        "version": message.version,
        "time": instant(message.time),
        "topic": where.topic,
        "partition": where.partition,
        "offset": offset,
    }


def _key(message: Message) -> str:
    return f"{message.force}:{message.subject}"
