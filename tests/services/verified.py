"""A force whose concerns are recorded, projected and told of, all of it in the test's own loop, and the desk that it is verified at."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from chassis.runtime import Runtime
from readmodel import parts
from readmodel.projector import project
from roundtable.addresses import Addresses
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning, kafka_admin
from roundtable.provisioning.desk import Document
from roundtable.republishing import Wanted, republish_records
from roundtable.verification import Report, verify
from tests.conftest import Place, eventually, running
from tests.services.notifying import Notifications, prepared, serving


@dataclass(frozen=True)
class Verified:
    """The running parts, the command line's desk, and the databases as their administrator sees them."""

    notifications: Notifications
    desk: OperatorDesk
    administrator: MongoClient[Document]

    @property
    def place(self) -> Place:
        """The corner of the engines that all of it works in."""
        return self.notifications.place

    @property
    def force(self) -> str:
        """The force of the test."""
        return self.place.force

    def database(self, name: str) -> Database[Document]:
        """A database, to damage."""
        return self.administrator[self.place.prefix + name]

    async def verify(self) -> dict[str, list[str]]:
        """What differs, by kind; the services go on meanwhile."""
        return found(await self.report())

    async def report(self) -> Report:
        """All that a verification finds."""
        return await asyncio.to_thread(verify, self.desk, [self.force])

    async def republish(self, subject: str | None = None, *types: str, within: float = 15.0) -> int:
        """Send records again, and wait until everyone has read what was sent."""
        ends = self.read()
        sent = await asyncio.to_thread(republish_records, self.desk.provisioning, Wanted.of(self.force, subject, types))
        await eventually(lambda: self._read_on(ends, sent), within)
        return sent

    async def nobody_carries(self) -> bool:
        """Whether the relay has ended and let its lease go."""
        await asyncio.sleep(0)
        return self.database("concerns")["leases"].count_documents({}) == 0

    def read(self) -> dict[str, int]:
        """How many records of the log each reader has read."""
        positions = {name: self.database(name)["positions"].find() for name in ("readmodel", "notifications")}
        return {name: sum(each["offset"] for each in found) for name, found in positions.items()}

    async def all_read(self, count: int) -> None:
        """Wait until everyone has read so many records of the log."""
        await eventually(lambda: self._read_on(dict.fromkeys(("readmodel", "notifications"), 0), count))

    async def _read_on(self, ends: dict[str, int], count: int) -> bool:
        await asyncio.sleep(0)
        return all(self.read()[name] >= end + count for name, end in ends.items())


def found(report: Report) -> dict[str, list[str]]:
    """What each difference is, by kind."""
    return {str(kind): [difference.what for difference in section.named] for kind, section in report.sections.items() if section.named}


@contextmanager
def desk_at(place: Place) -> Iterator[OperatorDesk]:
    """The command line's desk, with its own identities."""
    engines = place.engines
    at = Addresses(engines.bootstrap_servers, engines.mongo.address, {})
    with MongoClient[Document](engines.mongo_url("cli"), serverSelectionTimeoutMS=3_000) as mongo:
        kafka = kafka_admin(engines.kafka_client("admin"))
        yield OperatorDesk(engines.home, at, Provisioning(kafka, mongo, engines.home.keys, place.prefix))


@asynccontextmanager
async def verified(place: Place, runtimes: Callable[[str], Awaitable[Runtime]], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Verified]:
    """Everything that a concern goes through, running."""
    concerns = await prepared(await runtimes("concerns"))
    readmodel = await runtimes("readmodel")
    await parts.setup(readmodel)
    with desk_at(place) as desk, place.engines.mongo.client() as administrator:
        async with serving(place, concerns, monkeypatch) as notifications, running(readmodel, project(readmodel)):
            yield Verified(notifications, desk, administrator)


async def nothing_waits(deliveries: Collection[Document]) -> bool:
    """Whether no delivery is to be sent any more."""
    await asyncio.sleep(0)
    return deliveries.count_documents({"status": "pending"}) == 0


def first(documents: Any) -> Document:
    """The first document of a collection."""
    found = documents.find_one()
    assert found is not None
    return dict(found)
