"""The read model on a real MongoDB, told events straight into its projector, and asked over HTTP with real tokens."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx2
from aiokafka import TopicPartition

from chassis.batch import Batch, Received
from chassis.keys import KeyFiles, KeyStore
from chassis.mongo import Collection, Mongo
from chassis.recording import stamp
from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.codec import Message
from contracts.concern import Concern
from contracts.event import Event
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.sealing import DataKey, seal
from contracts.state import State
from contracts.topics import topic
from readmodel import parts
from readmodel.main import SERVICE
from readmodel.projections import MODELS, bucket, contribution
from readmodel.projector import Projector
from readmodel.tally import figure_of
from roundtable.grants import parse_grant
from roundtable.identity import Issuer
from tests.builders import NOW, new_id
from tests.conftest import Place

Record = dict[str, Any]
S = TypeVar("S", bound=State)


@dataclass
class World:
    """What happens in a read model, and who asks about it."""

    place: Place
    runtime: Runtime
    keys: KeyStore
    issuer: Issuer
    client: httpx2.AsyncClient
    told: list[Message] = field(default_factory=list)
    sealing: dict[str, DataKey] = field(default_factory=dict)
    offsets: dict[TopicPartition, int] = field(default_factory=dict)

    @property
    def force(self) -> str:
        """The force of the test."""
        return self.place.force

    async def tell(self, *events: Event[Any], at: datetime = NOW) -> list[Message]:
        """Record events, and project them in one batch for each force."""
        messages = [await self.sealed(event, at) for event in events]
        for force in dict.fromkeys(message.force for message in messages):
            await self.project([message for message in messages if message.force == force])
        return messages

    async def sealed(self, event: Event[Any], at: datetime = NOW) -> Message:
        """An event as its service would send it."""
        state = stamp(event, at)
        if state.id not in self.sealing:
            self.sealing[state.id] = await self.keys.create(state.service, state.force, state.id)
        assert state.last_event is not None
        return Message(state.last_event.id, event.type, state.service, at, seal(state, self.sealing[state.id]))

    async def project(self, messages: list[Message], partition: int = 0) -> None:
        """Hand messages of one force to the projector, as the consumer would."""
        own, where = parts.parts(self.runtime), TopicPartition(topic(messages[0].force), partition)
        batch = Batch(where, [self._received(message, where) for message in messages])
        await self.runtime.mongo.transaction(lambda tx: Projector(own.store)(tx, batch))
        own.arrivals.announce({f"{message.force}:{message.subject}" for message in messages})
        self.told += messages

    def _received(self, message: Message, where: TopicPartition) -> Received:
        offset = self.offsets.get(where, 0)
        self.offsets[where] = offset + 1
        return Received(message, where.topic, where.partition, offset)

    def token(self, *grants: str, subject: str = "ada") -> str:
        """A token with grants such as `kent:reader`."""
        return self.issuer.token(subject, [parse_grant(grant) for grant in grants], timedelta(hours=1))

    async def ask(self, path: str, *grants: str, accept: str = "application/json", subject: str = "ada") -> httpx2.Response:
        """Ask with these grants; roles alone are held in the force of the test."""
        held = [grant if ":" in grant else f"{self.force}:{grant}" for grant in grants]
        headers = {"Authorization": f"Bearer {self.token(*held, subject=subject)}", "Accept": accept}
        return await self.client.get(f"/v1{path}", headers=headers)

    async def read(self, path: str, *grants: str) -> Record:
        """What is answered, as a reader of the force of the test unless other grants are given."""
        response = await self.ask(path, *(grants or ("reader",)))
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def ids(self, path: str, *grants: str) -> list[str]:
        """The ids of a list."""
        return [item["id"] for item in (await self.read(path, *grants))["items"]]

    def stored(self, collection: str) -> Collection:
        """A collection of the read model."""
        return self.runtime.mongo.collection("readmodel", f"{collection}_p1")


@asynccontextmanager
async def world(place: Place, runtime: Runtime) -> AsyncIterator[World]:
    """A read model that is ready."""
    issuer = Issuer(place.engines.home)
    issuer.publish()
    await parts.setup(runtime)
    recording = Mongo(place.engines.mongo_url("concerns"), "motor", place.prefix)
    keys = KeyStore(recording, KeyFiles(place.engines.home.keys))
    transport = httpx2.ASGITransport(app=SERVICE.app(runtime))
    async with httpx2.AsyncClient(transport=transport, base_url="http://readmodel") as client:
        yield World(place, runtime, keys, issuer, client)
    await recording.close()


def state(model: type[S], force: str, **facts: Any) -> S:
    """A state at version 1, of these facts."""
    return model.from_opened({"id": new_id(), "force": force, "version": 1} | facts)


MADE: Mapping[type[State], type[Event[Any]]] = {
    Meeting: e.MeetingScheduled,
    Concern: e.ConcernRaised,
    Action: e.ActionOpened,
    Organisation: e.OrganisationRegistered,
    Neighbourhood: e.NeighbourhoodRegistered,
    Feedback: e.FeedbackReceived,
}


async def put(there: World, model: type[State], *, force: str | None = None, **facts: Any) -> str:
    """Tell of a record of these facts; its id."""
    made = state(model, force or there.force, **facts)
    await there.tell(MADE[model](made))
    return made.id


async def told(there: World, *events: Event[Any]) -> list[Message]:
    """Messages that were recorded and did not come yet."""
    return [await there.sealed(event) for event in events]


async def stored_figures(there: World) -> dict[str | None, Counter[tuple[str, ...]]]:
    """What the figures say, by their date, nought left out."""
    found: dict[str | None, Counter[tuple[str, ...]]] = {}
    for each in await there.stored("figures").find({}):
        found.setdefault(each["date"], Counter()).update({figure_of(name): number for name, number in each["counts"].items()})
    return {
        date: Counter({name: number for name, number in counts.items() if number}) for date, counts in found.items() if any(counts.values())
    }


async def recount(there: World) -> dict[str | None, Counter[tuple[str, ...]]]:
    """What they should say, counted in the records."""
    found: dict[str | None, Counter[tuple[str, ...]]] = {}
    for model in MODELS:
        for document in await there.stored(model.collection).find({}):
            found.setdefault(bucket(model, document), Counter()).update(contribution(model, document))
    return {date: counts for date, counts in found.items() if counts}
