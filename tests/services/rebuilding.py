"""A read model that lives: its services' work in the background, events from the log, and an operator who asks for a rebuild."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chassis.kafka import producer, stop
from chassis.mongo import Document
from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.codec import Message, encode
from contracts.concern import Concern
from contracts.event import Event
from contracts.meeting import Feedback, Meeting
from contracts.places import Organisation
from contracts.topics import topic
from readmodel import build, parts
from readmodel import rebuild as turns
from readmodel.model import DATABASE, Model, Standing
from readmodel.projections import MODELS
from readmodel.projector import project
from readmodel.rebuild import rebuild
from readmodel.store import FIGURES, HISTORY, Store
from roundtable import live_model
from roundtable.provisioning import Provisioning
from tests.builders import NOW
from tests.conftest import Place, eventually
from tests.services.readmodel_world import World, state, world

Runtimes = Callable[[str], Awaitable[Runtime]]
EVERYTHING = (*(model.collection for model in MODELS), HISTORY, FIGURES)


@dataclass
class Replica:
    """One process of the read model: what goes on in it until it is killed."""

    runtime: Runtime
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        """Do what a process of the read model does."""
        works = (project, rebuild, parts.follow)
        self.tasks = [asyncio.create_task(work(self.runtime)) for work in works]

    async def die(self) -> None:
        """End in the middle of whatever is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks = []

    async def stop(self) -> None:
        """End as a service does that is told to."""
        self.runtime.stopping.set()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=10)
        await self.die()

    def well(self) -> None:
        """Nothing of it has failed."""
        for task in self.tasks:
            if task.done():
                task.result()


@dataclass
class Scene:
    """A read model, the log before it, and an operator."""

    world: World
    concerns: Runtime
    runtimes: Runtimes
    replicas: list[Replica] = field(default_factory=list)
    sent: int = 0

    @property
    def place(self) -> Place:
        """Where it all is."""
        return self.world.place

    @property
    def desk(self) -> Provisioning:
        """The operator's."""
        return replace(self.place.engines.provisioning, database_prefix=self.place.prefix)

    async def start(self) -> Replica:
        """One more replica."""
        runtime = self.world.runtime if not self.replicas else await self.runtimes("readmodel")
        await parts.setup(runtime)
        replica = Replica(runtime)
        replica.begin()
        self.replicas.append(replica)
        return replica

    async def send(self, *events: Event[Any]) -> list[Message]:
        """Put events on the log, as their services would."""
        messages = [await self.world.sealed(event, NOW) for event in events]
        await self.put(messages)
        return messages

    async def put(self, messages: list[Message]) -> None:
        """Put messages on the log; some perhaps again."""
        client = producer(self.concerns.settings)
        await client.start()
        for message in messages:
            key, value, headers = encode(message)
            await client.send(topic(message.force), value=value, key=key, headers=headers)
        await client.flush()
        await stop(client)
        self.sent += len(messages)

    async def put_bytes(self, value: bytes) -> None:
        """Put what is no event on the log."""
        client = producer(self.concerns.settings)
        await client.start()
        await client.send_and_wait(topic(self.place.force), value=value, key=b"x")
        await stop(client)
        self.sent += 1

    async def projected(self) -> None:
        """Wait until the live model is as far as the log."""
        await eventually(self._is_projected)

    async def _is_projected(self) -> bool:
        for replica in self.replicas:
            replica.well()
        return sum((await self.live().positions.all()).values()) == self.sent

    def standing(self) -> Standing:
        """What stands."""
        found = live_model.standing(self.desk)
        assert found is not None
        return found

    def live(self) -> Store:
        """The live model."""
        return self.store(self.standing().live)

    def store(self, model: Model) -> Store:
        """A model."""
        return Store(self.world.runtime.mongo, self.world.keys, model)

    async def content(self, model: Model) -> dict[str, list[Document]]:
        """Everything that a model holds, in the order of its keys."""
        store = self.store(model)
        found = {name: await store.named(name).find({}, sort=[("_id", 1)]) for name in EVERYTHING}
        return found | {FIGURES: [_told(bucket) for bucket in found[FIGURES] if any(bucket["counts"].values())]}

    async def collections(self) -> set[str]:
        """The collections of the read model's database."""
        return set(await self.world.runtime.mongo.names(DATABASE))

    async def swapped(self, model: Model, within: float = 40.0) -> None:
        """Wait until a model is live."""

        async def is_live() -> bool:
            for replica in self.replicas:
                replica.well()
            return self.standing().live == model

        await eventually(is_live, within)


def _told(bucket: Document) -> Document:
    """A bucket without the figures that came to nothing: in what steps they did is of no account."""
    return bucket | {"counts": {name: number for name, number in bucket["counts"].items() if number}}


@asynccontextmanager
async def scene(place: Place, runtimes: Runtimes) -> AsyncIterator[Scene]:
    """A scene on which nothing runs yet."""
    async with world(place, await runtimes("readmodel")) as made:
        concerns = await runtimes("concerns")
        # The last runtime made names the test's environment, so that of the read model is made again where it is needed.
        there = Scene(made, concerns, runtimes)
        try:
            yield there
        finally:
            await asyncio.gather(*(replica.stop() for replica in there.replicas))


def history_of(force: str, number: int) -> list[Event[Any]]:
    """What became of many records: changed, made sensitive, erased, and answered by actions."""
    chance, found = random.Random(11), list[Event[Any]]()  # noqa: S311 - the same in every run
    for each in range(number):
        facts = {"category": ("drugs", "hate-crime")[each % 2], "raised_at": f"2025-05-{1 + each % 28:02d}T18:00:00.000Z"}
        concern = state(Concern, force, **facts)
        changed = concern.next(status="in_progress", sensitive=each % 5 == 0)
        closed = changed.next(status="resolved")
        own: list[Event[Any]] = [e.ConcernRaised(concern), e.ConcernProgressed(changed), e.ConcernClosed(closed)]
        if each % 7 == 0:
            own.append(e.ConcernErased(closed.next(erased_at=NOW)))
        found += own[: chance.randint(1, len(own))] if each % 7 else own
    found.append(e.OrganisationRegistered(state(Organisation, force, name="Kettering Muslim Association")))
    found.append(e.MeetingHeld(state(Meeting, force, status="held", kind="iag", held_on="2025-03")))
    found.append(e.FeedbackReceived(state(Feedback, force, confidence_before=2, confidence_after=4)))
    found.append(e.ActionClosed(state(Action, force, status="closed", outcome="completed")))
    return found


async def hurried(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """A scene, as a fixture, in which models before are swept and new ones are carried on for seconds."""
    monkeypatch.setattr(turns, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(build, "CARRY_ON_SECONDS", 4.0)
    async with scene(place, runtimes) as made:
        yield made
