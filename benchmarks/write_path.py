"""The write path: concerns raised by 32 at once, beside a bare transaction for each request."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from uuid_utils import uuid7

from benchmarks.figures import Figure, at_least
from benchmarks.ground import Ground, until
from benchmarks.load import Line, closed_loop, lines, request
from benchmarks.measuring import Contender, Measured, percentile, take_turns
from benchmarks.messages import concern_raised, new_key, sealed
from benchmarks.processor import Processor
from chassis.outbox import Outbox, pending
from chassis.recording import Draft, recorder
from chassis.runtime import Runtime
from concerns import store

AT_ONCE: Final = 32
BODY: Final = json.dumps({"category": "drugs", "said": "dealing in the town centre, most evenings, by the bus station"}).encode()
HTTP, UNGROUPED = "POST concern over HTTP", "the same HTTP service, a transaction per request"
RECORD, BARE = "recording without HTTP", "a bare transaction per request, without HTTP"

Worker = Callable[[], Awaitable[None]]


async def run(ground: Ground) -> list[Figure]:
    """Requests per second and p99, over HTTP and without, beside a transaction for each request."""
    total, force, apart, other = ground.size(2_000, 400), ground.new_force(), ground.fresh(), ground.fresh()
    other.register(force)
    here = partial(Processor, ground.engines)
    async with apart.runtime("concerns") as runtime, AsyncExitStack() as stack:
        await store.setup(runtime)
        contenders = [
            Contender(HTTP, await stack.enter_async_context(_served(ground, force, total))),
            Contender(UNGROUPED, await stack.enter_async_context(_served(other, force, total, "benchmarks.ungrouped"))),
            Contender(RECORD, partial(_recorded, runtime, force, total, here)),
            Contender(BARE, partial(_measured, [_bare(apart, runtime, force)] * AT_ONCE, total, here)),
        ]
        found = await take_turns(contenders, ground.rounds, ground.tell)
    per_second, p99 = [{each: found.sample(each, value) for each in found.measured} for value in ("per_second", "p99")]
    used = {each: found.processor(each) for each in found.measured}
    pairs = [(HTTP, UNGROUPED), (HTTP, BARE), (RECORD, BARE)]
    return [
        *(Figure("write-path", f"{ours}, 32 at once", "/s", per_second[ours], per_second[other], at_least(3)) for ours, other in pairs),
        *(Figure("write-path", f"p99 of {ours}, 32 at once", "ms", p99[ours], p99[other], None) for ours, other in pairs),
        *(Figure("write-path", f"processor time of {ours}", "µs", used[ours], used[other], None) for ours, other in pairs),
    ]


@asynccontextmanager
async def _served(ground: Ground, force: str, total: int, module: str | None = None) -> AsyncIterator[Callable[[], Awaitable[Measured]]]:
    """Measures a service of its own over HTTP, while its relay carries; then waits, unmeasured, until that has carried everything."""
    async with ground.runtime("concerns") as runtime, AsyncExitStack() as stack:
        services = stack.enter_context(ground.services("concerns", module=module))
        opened = await stack.enter_async_context(lines(services["concerns"].url, AT_ONCE))
        posting: list[Worker] = [partial(_post, line, ground.token(f"{force}:recorder"), force) for line in opened]
        await closed_loop(posting, AT_ONCE * 4)
        outbox = Outbox(runtime.mongo, "concerns")

        async def measure() -> Measured:
            found = await _measured(posting, total, partial(Processor, ground.engines, {"service": services["concerns"].child.pid}))
            await until(lambda: _is_empty(outbox))
            return found

        yield measure


async def _is_empty(outbox: Outbox) -> bool:
    return not await outbox.take(1)


async def _measured(workers: Sequence[Worker], total: int, processor: Callable[[], Processor]) -> Measured:
    used = processor()
    took, seconds = await closed_loop(workers, total)
    return {"per_second": total / took, "p50": percentile(seconds, 50), "p99": percentile(seconds, 99)} | used.per_piece(total)


async def _post(line: Line, token: str, force: str) -> None:
    answered = await line.ask(request("POST", f"/v1/forces/{force}/concerns", token, BODY))
    if answered.status != 201:  # noqa: PLR2004 - Created
        raise RuntimeError(answered)


async def _recorded(runtime: Runtime, force: str, total: int, processor: Callable[[], Processor]) -> Measured:
    """Record what was decided before; deciding is no part of recording."""
    decided = iter([concern_raised(force) for _ in range(total)])

    async def record() -> None:
        await recorder(runtime).record([Draft(next(decided), None)], runtime.now())

    return await _measured([record] * AT_ONCE, total, processor)


def _bare(ground: Ground, runtime: Runtime, force: str) -> Worker:
    """Writes a document, an outbox record and an idempotency record of the same form in a transaction of their own."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        ground.engines.mongo_url("concerns"), w="majority", readConcernLevel="majority"
    )
    runtime.exits.callback(client.close)
    database = client[f"{ground.prefix}concerns"]
    template = sealed(concern_raised(force), new_key(runtime.keys, force))

    async def write(session: AsyncIOMotorClientSession) -> None:
        document = {**template.data, "id": str(uuid7())}
        record = pending(template) | {"_id": str(uuid7()), "data": document}
        receipt = {"_id": f"{force}:{uuid7()}", "fingerprint": "1:" + "0" * 64, "status": 201, "created_at": datetime.now(UTC)}
        await database["concerns"].insert_one({"_id": f"{force}:{document['id']}", **document}, session=session)
        await database["outbox"].insert_one(record, session=session)
        await database["idempotency"].insert_one(receipt, session=session)

    async def once() -> None:
        async with await client.start_session() as session:
            await session.with_transaction(write, ReadConcern("snapshot"), WriteConcern("majority"))

    return once
