"""A service that records and one that consumes, for the tests of what carries events from the one to the other."""

from collections.abc import Awaitable, Callable

from chassis.batch import Batch
from chassis.mongo import Tx
from chassis.recording import Draft, Recorder
from chassis.service import Runtime
from tests.builders import NOW, concern_raised
from tests.services.notifying import prepared

Runtimes = Callable[[str], Awaitable[Runtime]]


async def recording(runtimes: Runtimes) -> Runtime:
    """The fixture `concerns`: `concerns = pytest.fixture(recording)`."""
    return await prepared(await runtimes("concerns"))


async def consuming(runtimes: Runtimes) -> Runtime:
    """The fixture `readmodel`: `readmodel = pytest.fixture(consuming)`."""
    runtime = await runtimes("readmodel")
    for name in ("positions", "parked", "seen"):
        await runtime.mongo.ensure_collection("readmodel", name)
    return runtime


async def raise_concerns(runtime: Runtime, force: str, count: int) -> list[str]:
    recorder = Recorder(runtime.mongo, runtime.keys, "concerns")
    states = [(await recorder.record([Draft(concern_raised(force), None)], NOW))[0] for _ in range(count)]
    runtime.recorded.set()
    return [state.id for state in states]


def noting(runtime: Runtime) -> Callable[[Tx, Batch], Awaitable[None]]:
    """A handler that counts each event; counting twice would show."""

    async def note(tx: Tx, batch: Batch) -> None:
        for event in batch.events:
            seen = runtime.mongo.collection("readmodel", "seen")
            await seen.update_one({"_id": event.message.id}, {"$inc": {"times": 1}}, upsert=True, tx=tx)

    return note


async def count_of(runtime: Runtime) -> list[int]:
    return [each["times"] for each in await runtime.mongo.collection("readmodel", "seen").find({})]
