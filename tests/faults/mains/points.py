"""Points at which a process kills or stops itself, so that a fault falls exactly where it hurts most."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import readmodel.builder
from chassis.batch import Batch
from chassis.consumer import Consumption
from chassis.mongo import Document, Mongo, Tx
from chassis.outbox import Outbox
from chassis.recording import Recorder
from chassis.relay import Relay
from readmodel.models import Models
from readmodel.projector import Projector
from tests.faults.mains.exchange import exchange

CHURN_SECONDS = 2.0
GAP = 10
POISON, HEALED = "poison", "poison-healed"
Call = Callable[..., Awaitable[Any]]


def _send_self(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


class _Countdown:
    """Sends this process a signal when it is counted down to nothing, once."""

    def __init__(self, count: int, number: signal.Signals) -> None:
        self._left = count
        self._number = number

    def tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            _send_self(self._number)


def _after(call: Call, countdown: _Countdown) -> Call:
    async def changed(*args: Any, **kwargs: Any) -> Any:
        result = await call(*args, **kwargs)
        countdown.tick()
        return result

    return changed


def _before(call: Call, countdown: _Countdown) -> Call:
    async def changed(*args: Any, **kwargs: Any) -> Any:
        countdown.tick()
        return await call(*args, **kwargs)

    return changed


def dies_after_commit(count: int) -> None:
    """Die between the commit of a request and its answer."""
    exchange(Recorder, "record", _after(Recorder.record, _Countdown(count, signal.SIGKILL)))


def dies_between_send_and_mark(count: int) -> None:
    """Die between the two things that the relay does with a batch, whichever comes first: at the first step of a turn."""
    countdown = _Countdown(count * 2 - 1, signal.SIGKILL)
    exchange(Relay, "_send", _after(Relay._send, countdown))
    exchange(Outbox, "mark", _after(Outbox.mark, countdown))


def stops_before_send(count: int) -> None:
    """Stop with records in hand that are read and not sent, one of them a first version: what overtakes it is then sure to come."""
    send, countdown = Relay._send, _Countdown(count, signal.SIGSTOP)

    async def changed(self: Relay, records: Sequence[Document]) -> list[Document]:
        if any(record["version"] == 1 for record in records):
            countdown.tick()
        return await send(self, records)

    exchange(Relay, "_send", changed)


def dies_in_transaction(count: int) -> None:
    """Die when everything of a batch is written, and nothing committed."""
    exchange(Projector, "__call__", _after(Projector.__call__, _Countdown(count, signal.SIGKILL)))


def stops_before_transaction(count: int) -> None:
    """Stop with a batch in hand that is to be committed at a position."""
    exchange(Mongo, "transaction", _before(Mongo.transaction, _Countdown(count, signal.SIGSTOP)))


def churns(_: int) -> None:
    """Join the group and leave it again, for ever, every two seconds."""
    run = Consumption.run

    async def changed(self: Consumption) -> None:
        end = self._until
        while not end.is_set():
            self._until = asyncio.Event()
            member = asyncio.create_task(run(self))
            await asyncio.sleep(CHURN_SECONDS)
            self._until.set()
            await member

    exchange(Consumption, "run", changed)


def chokes(_: int) -> None:
    """Cannot project what happened at one place."""
    project = Projector.__call__

    async def changed(self: Projector, tx: Tx, batch: Batch) -> None:
        if any(event.message.data.get("locality") == POISON for event in batch.events):
            raise ZeroDivisionError
        await project(self, tx, batch)

    exchange(Projector, "__call__", changed)


def dies_before_swap(_: int) -> None:
    """Die with a model that is built and verified, and not live."""
    exchange(Models, "swap", _before(Models.swap, _Countdown(1, signal.SIGKILL)))


def dies_after_swap(_: int) -> None:
    """Die when a new model is live, before anyone has been told."""
    exchange(Models, "swap", _after(Models.swap, _Countdown(1, signal.SIGKILL)))


def builds_with_gaps(_: int) -> None:
    """Leave events out of a model that is built, and of that one alone."""

    class Gaps(Projector):
        async def __call__(self, tx: Tx, batch: Batch) -> None:
            await super().__call__(tx, replace(batch, events=[event for event in batch.events if event.offset % GAP]))

    exchange(readmodel.builder, "Projector", Gaps)


CHANGES: dict[str, Callable[[int], None]] = {
    "dies-after-commit": dies_after_commit,
    "dies-between-send-and-mark": dies_between_send_and_mark,
    "stops-before-send": stops_before_send,
    "dies-in-transaction": dies_in_transaction,
    "stops-before-transaction": stops_before_transaction,
    "churns": churns,
    "chokes": chokes,
    "dies-before-swap": dies_before_swap,
    "dies-after-swap": dies_after_swap,
    "builds-with-gaps": builds_with_gaps,
}
