"""The projector beside its peers: the same topic, the same mongod, the same indexes, each as a process of its own."""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks import sink_peer
from benchmarks.figures import Figure, at_least
from benchmarks.ground import Ground, until
from benchmarks.measuring import Contender, Measured, take_turns
from benchmarks.processor import Processor
from benchmarks.projector import filled
from contracts.concern import Concern
from contracts.topics import topic
from readmodel import parts
from readmodel.projections import PROJECTION
from roundtable.native.processes import Child, Command, stop_all

OURS, FASTSTREAM, SINK = "projector", "FastStream batch handler, the same writes", "MongoDB's Kafka sink connector, tuned"
HERE: Final = Path(__file__).parent
PYTHON: Final = HERE / ".peers" / "python"
CONCERNS: Final = f"{Concern.collection}_p{PROJECTION}"
WARM: Final = 4
"""Counted is what comes after the first quarter."""
Running = Callable[[Ground, str], AbstractContextManager[Child]]


async def run(ground: Ground) -> list[Figure]:
    """Events per second of new aggregates; ours exactly once, with history and figures on top."""
    _fetch()
    sink_peer.fetch()
    count = ground.size(60_000, 5_000)
    force = await filled(ground, count, 1)
    running = {OURS: _ours, FASTSTREAM: _faststream, SINK: _sink}
    contenders = [Contender(name, partial(_measured, ground, force, count, each)) for name, each in running.items()]
    found = await take_turns(contenders, ground.rounds, ground.tell)
    ours, used = found.sample(OURS, "per_second"), found.processor(OURS)
    return [
        Figure("peers", "projector beside FastStream", "/s", ours, found.sample(FASTSTREAM, "per_second"), at_least(2)),
        Figure("peers", "projector beside the sink connector", "/s", ours, found.sample(SINK, "per_second"), at_least(2)),
        Figure("peers", "projector beside FastStream: processor time for an event", "µs", used, found.processor(FASTSTREAM), None),
        Figure("peers", "projector beside the sink connector: processor time", "µs", used, found.processor(SINK), None),
    ]


def _fetch() -> None:
    """Install FastStream beside the environment, unless it is there: its versions agree with those that are locked for the product."""
    if not PYTHON.exists():
        lock = str(HERE / "requirements.lock")
        argv = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "--target", str(PYTHON), "-r", lock)
        subprocess.run(argv, check=True)  # noqa: S603 - our own command


async def _measured(ground: Ground, force: str, count: int, running: Running) -> Measured:
    """How long a peer takes to begin, and the first part of its work, in which a virtual machine gets warm, do not count."""
    fresh = ground.fresh()
    fresh.register(force)
    async with fresh.runtime("readmodel") as runtime:
        await parts.setup(runtime)
    collection = ground.engines.provisioning.mongo[f"{fresh.prefix}readmodel"][CONCERNS]
    with running(fresh, force) as child:
        await until(partial(_holds, child, collection, count // WARM))
        begun, before = time.perf_counter(), collection.estimated_document_count()
        processor = Processor(ground.engines, {"peer": child.pid})
        await until(partial(_holds, child, collection, count))
        took, used = time.perf_counter() - begun, processor.per_piece(count - before)
    if (there := collection.count_documents({})) != count:
        message = f"{there} of {count} concerns were written"
        raise RuntimeError(message)
    return {"per_second": (count - before) / took} | used


async def _holds(child: Child, collection: Any, count: int) -> bool:  # noqa: ANN401 - PyMongo's, of whatever documents
    await asyncio.sleep(0)
    if child.exit_status() is not None:
        message = f"{child.name} ended: {child.command.log.read_text()[-2000:]}"
        raise RuntimeError(message)
    return bool(collection.estimated_document_count() >= count)


@contextmanager
def _ours(ground: Ground, _: str) -> Iterator[Child]:
    with ground.services("readmodel") as services:
        yield services["readmodel"].child


@contextmanager
def _faststream(ground: Ground, force: str) -> Iterator[Child]:
    told = {
        "kafka": ground.engines.bootstrap_servers,
        "password": ground.engines.kafka_password("admin"),
        "mongo": ground.engines.mongo_url("readmodel"),
        "database": f"{ground.prefix}readmodel",
        "topic": topic(force),
        "group": f"faststream-{secrets.token_hex(4)}",
    }
    environment = {"BENCHMARK_PEER": json.dumps(told), "PYTHONPATH": f"{PYTHON}:{HERE.parent}"}
    argv = (sys.executable, "-m", "benchmarks.faststream_peer")
    with _child(Child(Command("faststream", argv, ground.engines.home.logs / "faststream.log", environment))) as child:
        yield child


@contextmanager
def _sink(ground: Ground, force: str) -> Iterator[Child]:
    with _child(sink_peer.start(ground, force, CONCERNS)) as child:
        yield child


@contextmanager
def _child(child: Child) -> Iterator[Child]:
    try:
        yield child
    finally:
        stop_all([child])
