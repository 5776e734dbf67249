"""Recording: the only place where a state, its outbox record and its idempotency record are written, in one transaction.

Requests that wait at the same moment share one: what each of them writes is an `Entry`, and `group_commit` puts entries together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from uuid_utils import uuid7

from chassis.entries import IDEMPOTENCY, Entry, Ledger, Stale
from chassis.fences import COLLECTION as FENCES
from chassis.fences import Fence
from chassis.group_commit import GroupCommit
from chassis.keys import KeyStore, NewKey
from chassis.mongo import Document, Mongo
from chassis.outbox import pending
from chassis.runtime import Runtime
from contracts.codec import Message
from contracts.event import Event
from contracts.sealing import DataKey, seal
from contracts.state import LastEvent, State

__all__ = ["IDEMPOTENCY", "Draft", "Recorder", "Stale", "recorder", "stamp", "stored_id"]


@dataclass(frozen=True)
class Draft:
    """An event about to be recorded, with the key that its record has now and whether it takes a new one."""

    event: Event[Any]
    key: DataKey | None
    rekey: bool = False


def stored_id(force: str, subject: str) -> str:
    """The `_id` of every stored aggregate: the force's name is in every key."""
    return f"{force}:{subject}"


def stamp(event: Event[Any], now: datetime) -> State:
    """The event's state, with the event's own id, type and time in it."""
    stamped: State = event.state.model_copy(update={"last_event": LastEvent(id=str(uuid7()), type=event.type, time=now)})
    return stamped


class Recorder:
    """Records events of one service. There is one in a process: only what goes by the same recorder can share a transaction."""

    def __init__(self, mongo: Mongo, keys: KeyStore, database: str) -> None:
        self._keys = keys
        self._fences = mongo.collection(database, FENCES)
        self._committing = GroupCommit(Ledger(mongo, keys, database).commit)

    async def record(
        self,
        drafts: Sequence[Draft],
        now: datetime,
        *,
        fences: Sequence[Fence] = (),
        receipt: Document | None = None,
        traceparent: str | None = None,
    ) -> list[State]:
        """Commit events with everything that belongs to them; return the states as recorded.

        Args:
            drafts: events of different aggregates.
            now: the instant of the events.
            fences: what other decisions must not have moved since it was read.
            receipt: the idempotency record of the request.
            traceparent: of the request that caused it.

        Raises:
            Stale: a state is not at the version before, a fence moved, or the receipt is there already.
            Unavailable: whether it took hold is not known.
        """
        states = [stamp(draft.event, now) for draft in drafts]
        sealing = [self._key(draft, state) for draft, state in zip(drafts, states, strict=True)]
        wires = [seal(state, key) for state, (key, _) in zip(states, sealing, strict=True)]
        messages = [_message(state, wire, traceparent) for state, wire in zip(states, wires, strict=True)]
        entry = Entry(
            aggregates=[(state.collection, _document(message)) for state, message in zip(states, messages, strict=True)],
            records=[pending(message, _superseded(draft)) for message, draft in zip(messages, drafts, strict=True)],
            fences=fences,
            receipt=receipt,
            new_keys=[new for _, new in sealing if new is not None],
        )
        await self._committing.add(entry)
        return states

    async def fence(self, force: str, subject: str, *, shared: bool) -> Fence:
        """Where a fence stands now; read it before what the decision rests on."""
        key = stored_id(force, subject)
        found = await self._fences.find_one({"_id": key}) or {}
        return Fence(key, shared, found.get("generation", 0), found.get("uses", 0))

    async def drain(self) -> None:
        """Return when everything that was handed in has its outcome."""
        await self._committing.drain()

    def _key(self, draft: Draft, state: State) -> tuple[DataKey, NewKey | None]:
        if draft.key is not None and not draft.rekey:
            return draft.key, None
        new = self._keys.make(state.service, state.force, state.id)
        return new.key, new


def recorder(runtime: Runtime) -> Recorder:
    """The recorder of the process that a runtime is of; what it was handed is committed before the process lets MongoDB go."""
    try:
        return runtime.kept(Recorder)
    except KeyError:
        made = runtime.keep(Recorder(runtime.mongo, runtime.keys, runtime.name))
        runtime.exits.push_async_callback(made.drain)
        return made


def _superseded(draft: Draft) -> str | None:
    return draft.key.kid if draft.rekey and draft.key is not None else None


def _document(message: Message) -> Document:
    return {"_id": stored_id(message.force, message.subject), **message.data}


def _message(state: State, wire: dict[str, Any], traceparent: str | None) -> Message:
    if state.last_event is None:
        message = "a state is stamped before it becomes a message"
        raise ValueError(message)
    event = state.last_event
    return replace(Message(event.id, event.type, state.service, event.time, wire), traceparent=traceparent)
