"""A world in which to look for leaks: the four services in one loop, on the real engines, with the records of several forces."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2
import pytest

from chassis.relay import relay
from chassis.runtime import Runtime
from chassis.service import Service, assemble
from chassis.settings import Settings
from concerns.main import SERVICE as CONCERNS
from meetings.main import SERVICE as MEETINGS
from notifications.main import SERVICE as NOTIFICATIONS
from readmodel.main import SERVICE as READMODEL
from readmodel.projector import project
from tests.conftest import Corners, Place, _register, eventually, running
from tests.faults.receiver import Receiver
from tests.leaks.building import Builder
from tests.leaks.commands import counted
from tests.leaks.marks import Mark, Marks, Needs, word
from tests.leaks.people import Held, Person, held
from tests.leaks.plans import Plan
from tests.leaks.records import Known, remember
from tests.leaks.tickets import Tickets
from tests.services.callers import Caller, calling
from tests.services.notifying import Notifications, serving

T = TypeVar("T")
SERVICES: dict[str, Service] = {each.name: each for each in (MEETINGS, CONCERNS, NOTIFICATIONS, READMODEL)}
_ASKED_FOR_HOURS = {f"ROUNDTABLE_{each}_RATE": "1000000 per second" for each in ("PRINCIPAL", "ATTEMPT", "ANYONE")}
"""Everyone asks from one address, all the time: a refusal for asking too often would answer in place of what is looked at."""
_STREAMS = {"ROUNDTABLE_STREAM_HEARTBEAT_SECONDS": "0.3"}
_BUILDERS = ("recorder", "sensitive_reader", "publisher")


@dataclass(repr=False)
class City:
    """The services, what they hold, and who asks them."""

    place: Place
    loop: asyncio.Runner
    callers: dict[str, Caller]
    notifications: Notifications
    runtimes: dict[str, Runtime]
    clients: dict[str, httpx2.AsyncClient]
    receiver: Receiver
    tickets: Tickets
    marks: Marks = field(default_factory=Marks)
    records: list[Known] = field(default_factory=list)
    forces: list[str] = field(default_factory=list)
    people: Sequence[Person] = ()
    subscriptions: dict[str, str] = field(default_factory=dict)
    """The id of the subscription to each force."""
    paths: dict[str, str] = field(default_factory=dict)
    """Where the receiver takes what is sent of each force."""
    former: list[dict[str, Any]] = field(default_factory=list)
    """What the registry held of the forces of earlier plans."""
    told: dict[str, list[str]] = field(default_factory=dict)
    """The ids of the events that each subscription was told of."""
    words: list[str] = field(default_factory=list)
    """The words of this plan's records, to look for."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What some work comes to; the services go on meanwhile."""
        return self.loop.run(work)

    def held(self, person: Person) -> Held:
        """What someone holds now."""
        return held(person, self.forces)

    def of(self, collection: str) -> list[Known]:
        """The records of one kind."""
        return [each for each in self.records if each.collection == collection]

    async def inhabited(self, plan: Plan) -> None:
        """The same city with the forces, records and people of a plan, beside those that it had."""
        self._left()
        fresh = [self.place.add_force() for _ in range(len(plan.forces) + 1)]
        self.forces, self.people = fresh, plan.people
        self.marks.add(*(Mark(slug, slug, "", "slug", Needs.PUBLISHED, Needs.GRANT) for slug in fresh[:-1]))
        self.marks.add(Mark(fresh[-1], fresh[-1], "", "slug", Needs.GRANT, Needs.GRANT))
        await self._acquainted()
        for slug in fresh:
            await self._subscribed(slug)
        builders = [self._builder(slug, number, plan) for number, slug in enumerate(fresh[:-1])]
        self.records = [known for made in await asyncio.gather(*(each.build() for each in builders)) for known in made]
        remember(self.marks, self.records)
        await self.tickets.issued(plan.people, fresh)
        await self._acquainted()
        await self.caught_up()
        self.words = [text for known in self.records for _, text in known.facts.words]
        await self._look_through_deliveries()

    def _left(self) -> None:
        """Take the forces of the plan before out of the registry: nobody holds anything there, not even those who read everywhere."""
        with self.place.engines.mongo.client() as client:
            registered = client[f"{self.place.prefix}registry"]["forces"]
            self.former += list(registered.find({"_id": {"$in": self.forces}}))
            registered.delete_many({"_id": {"$in": self.forces}})

    def registered_again(self) -> None:
        """Put them back, so that whoever sweeps finds their topics."""
        with self.place.engines.mongo.client() as client:
            for force in self.former:
                client[f"{self.place.prefix}registry"]["forces"].insert_one(force)

    async def caught_up(self) -> None:
        """Wait until everyone has read everything that was recorded, and every webhook is sent."""
        await eventually(self._all_read, 60)
        await eventually(self._all_sent, 60)

    def _builder(self, slug: str, number: int, plan: Plan) -> Builder:
        callers = {name: caller.holding(*_BUILDERS, force=slug) for name, caller in self.callers.items()}
        return Builder(callers["meetings"], callers["concerns"], slug, plan.forces[number])

    async def _acquainted(self) -> None:
        for runtime in self.runtimes.values():
            await runtime.registry.refresh()
        for slug in self.forces:
            await self.notifications.knows(slug)

    async def _subscribed(self, slug: str) -> None:
        """A partner who is told of everything in a force."""
        owner, path = word(), word()
        async with self.notifications.client(subject=owner, force=slug) as client:
            wish = {"channel": "webhook", "url": self.receiver.url(path)}
            answer = await client.post(self.notifications.path(force=slug), json=wish)
        assert answer.status_code == 201, answer.text
        self.subscriptions[slug], self.paths[slug] = answer.json()["id"], path
        marks = {"owner": owner, "url": path, "id": self.subscriptions[slug]}
        self.marks.add(*(Mark(text, slug, "", f"subscription {name}", Needs.SUBSCRIBER, Needs.SUBSCRIBER) for name, text in marks.items()))

    async def _look_through_deliveries(self) -> None:
        deliveries = await self.runtimes["notifications"].mongo.collection("notifications", "deliveries").find({}, projection={"_id": 1})
        self.told = {}
        for subscription, _, event in sorted(str(each["_id"]).partition(":") for each in deliveries):
            self.told.setdefault(subscription, []).append(event)

    async def _all_read(self) -> bool:
        written = 0
        for name in ("meetings", "concerns"):
            outbox = self.runtimes[name].mongo.collection(name, "outbox")
            written += await outbox.count({"status": "published"})
            if await outbox.count({"status": "pending"}):
                return False
        stands = [
            sum(each["offset"] for each in await self.runtimes[name].mongo.collection(name, "positions").find({}))
            for name in ("readmodel", "notifications")
        ]
        return stands == [written, written]

    async def _all_sent(self) -> bool:
        return not await self.runtimes["notifications"].mongo.collection("notifications", "deliveries").count({"status": "pending"})


@contextmanager
def city(corners: Corners) -> Iterator[City]:
    """A city that nobody lives in yet."""
    desk = corners.lend()
    with asyncio.Runner() as loop, pytest.MonkeyPatch.context() as patch, Receiver() as receiver, counted():
        place = Place(corners._engines, desk.database_prefix, _register(corners._engines, desk.database_prefix))
        opened = _opened(place, loop, patch, receiver)
        made = loop.run(opened.__aenter__())
        try:
            yield made
        finally:
            made.registered_again()
            loop.run(opened.__aexit__(None, None, None))
    corners.take_back(desk)


@asynccontextmanager
async def _opened(place: Place, loop: asyncio.Runner, patch: pytest.MonkeyPatch, receiver: Receiver) -> AsyncIterator[City]:
    async with AsyncExitStack() as stack:
        runtimes = {name: await _assembled(name, place, patch, stack) for name in ("meetings", "concerns", "readmodel")}
        owners = [(each, runtimes[each.name]) for each in (MEETINGS, CONCERNS)]
        callers = {each.name: await stack.enter_async_context(calling(each, runtime, place, *_BUILDERS)) for each, runtime in owners}
        assert READMODEL.setup is not None
        await READMODEL.setup(runtimes["readmodel"])
        notifications = await stack.enter_async_context(serving(place, runtimes["concerns"], patch, _ASKED_FOR_HOURS | _STREAMS))
        await stack.enter_async_context(running(runtimes["meetings"], relay(runtimes["meetings"])))
        await stack.enter_async_context(running(runtimes["readmodel"], project(runtimes["readmodel"])))
        runtimes["notifications"] = notifications.runtime
        clients = {name: _client(SERVICES[name], runtime) for name, runtime in runtimes.items()}
        yield City(place, loop, callers, notifications, runtimes, clients, receiver, Tickets(place, runtimes["readmodel"]))


async def _assembled(name: str, place: Place, patch: pytest.MonkeyPatch, stack: AsyncExitStack) -> Runtime:
    for setting, value in (place.environment(name) | _ASKED_FOR_HOURS).items():
        patch.setenv(setting, value)
    runtime = assemble(name, Settings())
    stack.push_async_callback(runtime.exits.aclose)
    await runtime.registry.refresh()
    return runtime


def _client(service: Service, runtime: Runtime) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=service.app(runtime)), base_url="http://services.test", timeout=30)
