"""A log with poison in it, who reads it, and an operator who mends it with the command line's own identities."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from pymongo import MongoClient

from chassis.kafka import producer
from chassis.mongo import Collection
from chassis.parked import ParkedEvents
from chassis.runtime import Runtime
from chassis.settings import Settings
from contracts import events as e
from contracts.codec import Message, UndecodableError, decode, encode
from contracts.concern import Concern
from contracts.event import EVENTS
from contracts.topics import topic
from readmodel import parts, projections
from readmodel.projector import project
from roundtable.parked import Does, Outcome, Parked, ask, parked_events
from roundtable.provisioning import Provisioning, kafka_admin
from roundtable.provisioning.desk import Document
from tests import builders
from tests.conftest import Place, eventually, running
from tests.services.readmodel_world import World, told

UNKNOWN = "engagement.petition-signed.v1"
LATER = "engagement.concern-raised.v2"
Spoil = Callable[[Message], tuple[bytes | None, Sequence[tuple[str, bytes]]]]


def unreadable(message: Message) -> tuple[bytes | None, Sequence[tuple[str, bytes]]]:
    """The envelope of an event around something else."""
    return b"what was said, and no JSON", encode(message)[2]


def without_value(message: Message) -> tuple[bytes | None, Sequence[tuple[str, bytes]]]:
    """The envelope of an event around nothing."""
    return None, encode(message)[2]


def without_envelope(message: Message) -> tuple[bytes | None, Sequence[tuple[str, bytes]]]:
    """An event that does not say what it is."""
    return encode(message)[1], []


def of_type(name: str) -> Spoil:
    """An event of another type or version."""
    return lambda message: encode(replace(message, type=name))[1:]


def unprojectable(message: Message) -> tuple[bytes | None, Sequence[tuple[str, bytes]]]:
    """An event that can be read, and that no projection makes sense of."""
    return encode(replace(message, data=message.data | {"raised_at": "soon"}))[1:]


KINDS: Mapping[str, tuple[Spoil, str]] = {
    "unreadable": (unreadable, "undecodable"),
    "without value": (without_value, "undecodable"),
    "without envelope": (without_envelope, "undecodable"),
    "unknown type": (of_type(UNKNOWN), "unknown"),
    "unknown version": (of_type(LATER), "unknown"),
    "unprojectable": (unprojectable, "failed"),
}


@dataclass(frozen=True)
class Log:
    """Writes to the log as its owner would, and worse."""

    sender: AIOKafkaProducer

    async def write(self, *messages: Message) -> None:
        """Events as they should be."""
        for message in messages:
            key, value, headers = encode(message)
            await self.sender.send_and_wait(topic(message.force), value=value, key=key, headers=headers)

    async def spoil(self, message: Message, spoil: Spoil) -> None:
        """An event as it should not be, in the place where it would stand."""
        value, headers = spoil(message)
        await self.sender.send_and_wait(topic(message.force), value=value, key=message.subject.encode(), headers=list(headers))


@asynccontextmanager
async def writing(place: Place) -> AsyncIterator[Log]:
    """The log, written to with the identity of concerns."""
    environment = {name.removeprefix("ROUNDTABLE_").lower(): value for name, value in place.environment("concerns").items()}
    settings: Any = environment
    sender = producer(Settings(**settings))
    await sender.start()
    try:
        yield Log(sender)
    finally:
        await sender.stop()


@contextmanager
def operating(place: Place) -> Iterator[Provisioning]:
    """What the command line works with; it has no more rights in MongoDB than in production."""
    with MongoClient[Document](place.engines.mongo_url("cli"), serverSelectionTimeoutMS=3_000) as mongo:
        yield Provisioning(kafka_admin(place.engines.kafka_client("admin")), mongo, place.engines.home.keys, place.prefix)


def asked(place: Place, does: Does, *, service: str | None = None, seconds: float = 20) -> list[Outcome]:
    """Ask for everything that is parked, and wait for the outcomes; it blocks, as the command does."""
    with operating(place) as desk:
        return list(ask(desk, parked_events(desk, service), does, "ada", "no use to anyone", seconds))


def seen(place: Place) -> list[Parked]:
    """What an operator sees parked."""
    with operating(place) as desk:
        return parked_events(desk)


@asynccontextmanager
async def projecting(there: World, *also: Runtime) -> AsyncIterator[None]:
    """The read model's projector beside the test, in one process or several."""
    for runtime in (there.runtime, *also):
        await parts.setup(runtime)
    async with running(there.runtime, project(there.runtime), *map(project, also)):
        yield


async def read_on(there: World, count: int) -> None:
    """Wait until the read model has dealt with so many records."""

    async def dealt_with() -> bool:
        return await stands_at(there.runtime) == count

    await eventually(dealt_with, 30)


async def stands_at(runtime: Runtime) -> int:
    """How many records a service has dealt with, parked ones included."""
    positions = await runtime.mongo.collection(runtime.name, "positions").find({})
    return sum(int(position["offset"]) for position in positions)


def events_of(runtime: Runtime) -> Collection:
    """What a process of the read model holds parked."""
    return ParkedEvents(runtime.mongo, runtime.name).stored


async def story(there: World) -> list[Any]:
    """Two versions of one concern, and another concern."""
    concern = builders.concern(there.force)
    progressed = e.ConcernProgressed(concern.next(status="in_progress"))
    return await told(there, e.ConcernRaised(concern), progressed, builders.concern_raised(there.force))


def mend(monkeypatch: pytest.MonkeyPatch, first: Message) -> None:
    """A release that understands what the one before did not."""
    known: Any = projections._KNOWN

    def lenient(document: Any, strict: Callable[[Any], str | None] = known[Concern]) -> str | None:
        return None if document.get("raised_at") == "soon" else strict(document)

    def reading(value: Any, key: Any, headers: Any) -> Message:
        try:
            return decode(value, key, headers)
        except UndecodableError:
            return first

    monkeypatch.setitem(EVENTS, UNKNOWN, e.ConcernRaised)
    monkeypatch.setitem(EVENTS, LATER, e.ConcernRaised)
    monkeypatch.setitem(known, Concern, lenient)
    monkeypatch.setattr("chassis.batch.decode", reading)
