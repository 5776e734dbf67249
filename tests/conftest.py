"""The real parts that tests run on, behind one fixture: containers where there is a Docker engine, the embedded stack elsewhere."""

import asyncio
import dataclasses
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import pytest
from hypothesis import HealthCheck, settings

from chassis.mongo import Mongo
from chassis.service import Runtime, assemble
from chassis.settings import Settings
from contracts.topics import topic
from roundtable.credentials import Credentials
from roundtable.native import Engines, start_engines
from roundtable.provisioning import Provisioning, add_force, provision_services, registered_forces
from tests.containers import container_engines
from tests.docker_engine import fetch_images, in_containers

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks Kafka or MongoDB behind the one fixture, before `-m` chooses: the rest is the same on any engines."""
    for item in items:
        if "engines" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engines)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch the containers' images while no test's time limit runs."""
    needed = any(item.get_closest_marker("engines") for item in session.items)
    if needed and not session.config.option.collectonly and in_containers():
        fetch_images(lambda text: print(text, flush=True))  # noqa: T201 - it may take minutes


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """A real Apache Kafka and a real MongoDB, with identities, ACLs and a keyfile as in production."""
    start = container_engines if in_containers() else start_engines
    with start(tmp_path_factory.mktemp("stack")) as running:
        yield running


@dataclass(frozen=True)
class Place:
    """A corner of the engines that belongs to one test: databases of its own, and a force with a topic of its own."""

    engines: Engines
    prefix: str
    force: str

    def add_force(self) -> str:
        """Register one more force."""
        return _register(self.engines, self.prefix)

    def environment(self, service: str) -> dict[str, str]:
        """The settings of a service that works here."""
        return {
            "ROUNDTABLE_HOST": "127.0.0.1",
            "ROUNDTABLE_PORT": "0",
            "ROUNDTABLE_DATABASE_PREFIX": self.prefix,
            "ROUNDTABLE_MONGO_URL": self.engines.mongo_url(service),
            "ROUNDTABLE_KAFKA_BOOTSTRAP_SERVERS": self.engines.bootstrap_servers,
            "ROUNDTABLE_KAFKA_USERNAME": service,
            "ROUNDTABLE_KAFKA_PASSWORD": self.engines.kafka_password(service),
            "ROUNDTABLE_JWKS": str(self.engines.home.jwks),
            "ROUNDTABLE_ISSUER": "urn:roundtable:demonstration",
            "ROUNDTABLE_DEMONSTRATION": "true",
            "ROUNDTABLE_KEYS_DIR": str(self.engines.home.keys),
            "ROUNDTABLE_REGISTRY_POLL_SECONDS": "0.2",
        }


def _register(engines: Engines, prefix: str) -> str:
    force = f"f-{secrets.token_hex(5)}"
    add_force(dataclasses.replace(engines.provisioning, database_prefix=prefix), force)
    return force


class Corners:
    """Corners of the engines to lend out, again once they are swept: each that is made lengthens the rights of every user."""

    def __init__(self, engines: Engines, sweeping: Executor) -> None:
        self._engines = engines
        self._sweeping = sweeping
        self._free: SimpleQueue[Provisioning] = SimpleQueue()

    def lend(self) -> Provisioning:
        """A desk over databases that hold nothing yet."""
        try:
            return self._free.get_nowait()
        except Empty:
            desk = dataclasses.replace(self._engines.provisioning, database_prefix=f"t{secrets.token_hex(4)}_")
            provision_services(desk.kafka, desk.mongo, Credentials(self._engines.home.secrets), database_prefix=desk.database_prefix)
            return desk

    def take_back(self, desk: Provisioning) -> None:
        """Sweep it beside the tests that follow: what is left would slow all of them, and so would waiting for it."""
        self._sweeping.submit(self._swept, desk)

    def _swept(self, desk: Provisioning) -> None:
        """Drop the topics and the databases; a corner in which something cannot be dropped is not lent again."""
        desk.kafka.delete_topics([topic(force["_id"]) for force in registered_forces(desk)])
        for name in desk.mongo.list_database_names():
            if name.startswith(desk.database_prefix):
                desk.mongo.drop_database(name)
        self._free.put(desk)


@pytest.fixture(scope="session")
def corners(engines: Engines) -> Iterator[Corners]:
    """Corners of this session's engines."""
    with ThreadPoolExecutor(1) as sweeping:
        yield Corners(engines, sweeping)


@pytest.fixture
def place(engines: Engines, corners: Corners) -> Iterator[Place]:
    """Empty databases and a fresh force, and so a fresh topic, for one test."""
    desk = corners.lend()
    yield Place(engines, desk.database_prefix, _register(engines, desk.database_prefix))
    corners.take_back(desk)


@pytest.fixture(params=["motor", "pymongo"])
async def mongo(request: pytest.FixtureRequest, place: Place) -> AsyncIterator[Mongo]:
    """The seam to MongoDB, through each of the two drivers."""
    seam = Mongo(place.engines.mongo_url("concerns"), request.param, place.prefix)
    yield seam
    await seam.close()


async def eventually(condition: Callable[[], Awaitable[bool]], within: float = 15.0) -> None:
    """Wait until a condition holds; fail when it does not within so many seconds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


@pytest.fixture
async def runtimes(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str], Awaitable[Runtime]]]:
    """Makes the runtime of a service at the test's place, its registry read; closes it at the end."""
    made: list[Runtime] = []

    async def make(service: str) -> Runtime:
        for name, value in place.environment(service).items():
            monkeypatch.setenv(name, value)
        runtime = assemble(service, Settings())
        await runtime.registry.refresh()
        made.append(runtime)
        return runtime

    yield make
    for runtime in made:
        runtime.stopping.set()
        await runtime.exits.aclose()


@asynccontextmanager
async def running(runtime: Runtime, *work: Awaitable[None]) -> AsyncIterator[None]:
    """Run background work beside the test, then stop it as a service would; a failure of it is the test's failure."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        runtime.stopping.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks)
