"""Recording: the only place where a state, its outbox record and its idempotency record are written, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from uuid_utils import uuid7

from chassis.keys import KeyStore
from chassis.mongo import Document, DuplicateKey, Mongo, Tx
from chassis.outbox import COLLECTION as OUTBOX
from chassis.outbox import pending
from contracts.codec import Message
from contracts.event import Event
from contracts.sealing import DataKey, seal
from contracts.state import LastEvent, State

FENCES: Final = "fences"
IDEMPOTENCY: Final = "idempotency"


class Stale(Exception):  # noqa: N818 - a signal: read again and decide again
    """Something that the decision rests on has changed since it was read."""


@dataclass(frozen=True)
class Fence:
    """Keeps decisions apart that rest on one record together with others, and that its version alone does not keep apart.

    Those that share it (opening actions that answer a concern) may commit side by side; one that does not (changing the
    concern's sensitivity, and so that of its actions) excludes them all.
    """

    key: str
    shared: bool
    generation: int
    uses: int

    def passing(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What must still be so, and how the fence moves; where it is new, an upsert makes it or finds it taken."""
        if self.shared:
            return {"_id": self.key, "generation": self.generation}, {"$inc": {"uses": 1}}
        return {"_id": self.key, "generation": self.generation, "uses": self.uses}, {"$inc": {"generation": 1}}


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
    """Records events of one service."""

    def __init__(self, mongo: Mongo, keys: KeyStore, database: str) -> None:
        self._mongo = mongo
        self._keys = keys
        self._database = database

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
        """
        states = [stamp(draft.event, now) for draft in drafts]
        sealing = [await self._key(draft, state) for draft, state in zip(drafts, states, strict=True)]
        wires = [seal(state, key) for state, key in zip(states, sealing, strict=True)]
        messages = [_message(state, wire, traceparent) for state, wire in zip(states, wires, strict=True)]
        records = [pending(message, _superseded(draft)) for message, draft in zip(messages, drafts, strict=True)]

        async def commit(tx: Tx) -> None:
            for fence in fences:
                await self._pass(fence, tx)
            if receipt is not None:
                await self._mongo.collection(self._database, IDEMPOTENCY).insert_one(dict(receipt), tx=tx)
            for state, message in zip(states, messages, strict=True):
                await self._write(state, message, tx)
            await self._mongo.collection(self._database, OUTBOX).insert_many(records, tx=tx)

        try:
            await self._mongo.transaction(commit)
        except DuplicateKey as error:
            raise Stale from error
        return states

    async def _key(self, draft: Draft, state: State) -> DataKey:
        if draft.key is not None and not draft.rekey:
            return draft.key
        return await self._keys.create(state.service, state.force, state.id)

    async def _pass(self, fence: Fence, tx: Tx) -> None:
        where, moved = fence.passing()
        new = fence.generation == fence.uses == 0
        fences = self._mongo.collection(self._database, FENCES)
        if not await fences.update_one(where, moved, upsert=new, tx=tx) and not new:
            raise Stale

    async def _write(self, state: State, message: Message, tx: Tx) -> None:
        collection = self._mongo.collection(self._database, state.collection)
        key = stored_id(state.force, state.id)
        document = {"_id": key, **message.data}
        if state.version == 1:
            await collection.insert_one(document, tx=tx)
        elif not await collection.replace_one({"_id": key, "version": state.version - 1}, document, tx=tx):
            raise Stale

    async def fence(self, force: str, subject: str, *, shared: bool) -> Fence:
        """Where a fence stands now; read it before what the decision rests on."""
        key = stored_id(force, subject)
        found = await self._mongo.collection(self._database, FENCES).find_one({"_id": key}) or {}
        return Fence(key, shared, found.get("generation", 0), found.get("uses", 0))


def _superseded(draft: Draft) -> str | None:
    return draft.key.kid if draft.rekey and draft.key is not None else None


def _message(state: State, wire: dict[str, Any], traceparent: str | None) -> Message:
    if state.last_event is None:
        message = "a state is stamped before it becomes a message"
        raise ValueError(message)
    event = state.last_event
    return replace(Message(event.id, event.type, state.service, event.time, wire), traceparent=traceparent)
