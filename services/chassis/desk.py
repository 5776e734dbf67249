"""The desk at which a request is dealt with: load, decide, record. Every write of every service goes over it."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends
from uuid_utils import uuid7

from chassis.answers import Replayed, may_open, note_lowered
from chassis.fences import COLLECTION as FENCES
from chassis.fences import Fence
from chassis.keys import indexes as key_indexes
from chassis.keys import kid_of, open_all
from chassis.mongo import Collection as Stored
from chassis.mongo import Document, Sort
from chassis.outbox import COLLECTION as OUTBOX
from chassis.outbox import Outbox
from chassis.principal import Role
from chassis.problems import Refusal, not_found
from chassis.recording import IDEMPOTENCY, Draft, recorder, stored_id
from chassis.runtime import Runtime
from chassis.visit import Visit, Visiting
from contracts.event import Event
from contracts.sealing import DataKey
from contracts.state import State

S = TypeVar("S", bound=State)
KEPT_SECONDS: Final = 7 * 24 * 3600
"""How long a request is answered as before when it is sent again with its Idempotency-Key."""


class Desk:
    """What one request needs to read and write the aggregates of its service, in its force, as its principal."""

    def __init__(self, visit: Visit) -> None:
        runtime = visit.runtime
        self._runtime = runtime
        self._visit = visit
        self._recorder = recorder(runtime)
        self._keys: dict[str, DataKey | None] = {}
        self._sensitive: set[str] = set()
        self._fences: list[Fence] = []
        self._is_admitted = False

    @property
    def force(self) -> str:
        """The force of the request's path, for which the principal holds a grant."""
        if self._visit.force is None:
            message = "this route has no force in its path"
            raise ValueError(message)
        return self._visit.force

    @property
    def subject(self) -> str:
        """Who asks."""
        return self._visit.principal.subject

    def now(self) -> datetime:
        """This instant, UTC, to the millisecond that events keep."""
        return self._runtime.now()

    def new_id(self) -> str:
        """A new aggregate's id."""
        return str(uuid7())

    async def admit(self) -> None:
        """Answer a repeated request as before; refuse a key that was used for another one. Whatever loads or records does this first.

        Raises:
            Replayed: the request was recorded before.
            Refusal: 422, the key was used for another body.
        """
        self._is_admitted = True
        if self._receipt_id is None:
            return
        found = await self._runtime.mongo.collection(self._runtime.name, IDEMPOTENCY).find_one({"_id": self._receipt_id})
        if found is None:
            return
        generation = int(found["fingerprint"].split(":")[0])
        if found["fingerprint"] != self._runtime.keys.files.fingerprint(self.force, self._visit.body, generation):
            raise Refusal(422, "idempotency-key-reused", "This Idempotency-Key was used for another body: take a new one")
        raise Replayed(await self._current(found), found["status"], found["version"])

    async def load(self, model: type[S], subject: str) -> S:
        """The aggregate that the request changes, opened, at the version that the caller has seen.

        Raises:
            Replayed: the request was recorded before.
            Refusal: 404 absent, 428 without `If-Match`, 412 when that names another version.
        """
        await self.admit()
        state = await self.show(model, subject)
        self._visit.check_version(state.version)
        return state

    async def show(self, model: type[S], subject: str) -> S:
        """One aggregate, opened; 404 when it is absent."""
        state = await self.read(model, subject)
        if state is None:
            raise not_found(model.collection)
        return state

    async def read(self, model: type[S], subject: str) -> S | None:
        """Another aggregate of the service in the same force, opened, or None."""
        found = await self.find(model, {"_id": stored_id(self.force, subject)})
        return found[0] if found else None

    async def find(self, model: type[S], where: Mapping[str, Any], *, sort: Sort | None = None, limit: int = 0) -> list[S]:
        """Aggregates of the service in this force by clear fields, opened.

        Raises:
            KeysUnavailable: one of them cannot be opened. It is never taken for empty: the next version would be.
        """
        documents, keys = await self._with_keys(model, {**where, "force": self.force}, sort, limit)
        if any(kid is not None and kid not in keys for kid in map(kid_of, documents)):
            # An amendment may have put a new key in the place of the old one since the documents were read.
            documents, keys = await self._with_keys(model, {**where, "force": self.force}, sort, limit)
        self._keys |= {document["id"]: keys.get(kid_of(document) or "") for document in documents}
        states = open_all(model, documents, keys)
        self._sensitive |= {state.id for state in states if state.sensitive}
        return states

    async def standing(self, model: type[State], subjects: Collection[str]) -> frozenset[str]:
        """Which of these aggregates are there in this force, and not erased."""
        where = {"_id": {"$in": [stored_id(self.force, subject) for subject in subjects]}, "erased_at": None}
        found = await self._collection(model).find(where, projection={"id": 1}) if subjects else []
        return frozenset(document["id"] for document in found)

    async def fence(self, subject: str, *, shared: bool = False) -> None:
        """Hold others off a record while a decision rests on it; call it before reading the record."""
        self._fences.append(await self._recorder.fence(self.force, subject, shared=shared))

    def require_sight(self, state: State) -> None:
        """Refuse a change that is judged by what is sealed, to whoever may not read that: whether it is refused would tell.

        Raises:
            Refusal: 403, the record is sensitive and the principal may not open it.
        """
        if state.sensitive and not may_open(self._visit.roles, sensitive=True):
            detail = (
                f"Whether this can be changed hangs on what is sealed: your grant for this force lacks the role {Role.SENSITIVE_READER}"
            )
            raise Refusal(403, "role-missing", detail)

    async def record(self, event: Event[S], *more: Event[Any], rekey: bool = False) -> S:
        """Commit events, the first being that of the aggregate which the request is about; its state is the answer.

        Args:
            event: what happened to the aggregate.
            more: what it entails for others of this service.
            rekey: sealed words may have been taken out of the aggregate: seal it with a new key and destroy the old one.

        Raises:
            Replayed: the request was recorded before.
            Refusal: 403, something sensitive would be ordinary, and the principal may not open it; 503, too much waits for Kafka.
            Stale: something changed meanwhile; the route is run again.
        """
        if not self._is_admitted:
            # Whatever loaded something has asked; a request that was recorded since is found out by its receipt, and the route run again.
            await self.admit()
        await self._runtime.backlog.admit()
        lowered = self._lowered([event.state, *(also.state for also in more)])
        drafts = [Draft(event, self._keys.get(event.state.id), rekey), *(Draft(also, self._keys.get(also.state.id)) for also in more)]
        fences, self._fences = self._fences, []
        states = await self._recorder.record(
            drafts, self.now(), fences=fences, receipt=await self._receipt(event.state), traceparent=self._visit.traceparent
        )
        self._runtime.recorded.set()
        for state in states:
            if state.id in lowered:
                note_lowered(self.subject, state)
        first: Any = states[0]
        return first  # type: ignore[no-any-return]  # it is of the first event's model

    def _lowered(self, after: Sequence[State]) -> set[str]:
        """What was sensitive when it was loaded and will be so no more: opened to others only by who could open it.

        Raises:
            Refusal: 403 to anyone else.
        """
        lowered = {state.id for state in after if state.id in self._sensitive and not (state.sensitive or state.erased_at)}
        if lowered and not may_open(self._visit.roles, sensitive=True):
            detail = f"To make something sensitive ordinary again, your grant for this force lacks the role: {Role.SENSITIVE_READER}"
            raise Refusal(403, "role-missing", detail)
        return lowered

    async def _with_keys(
        self, model: type[State], where: Mapping[str, Any], sort: Sort | None, limit: int
    ) -> tuple[list[Document], dict[str, DataKey]]:
        documents = await self._collection(model).find(where, sort=sort, limit=limit)
        return documents, await self._runtime.keys.find_all({kid: self.force for kid in map(kid_of, documents) if kid is not None})

    def _collection(self, model: type[State]) -> Stored:
        return self._runtime.mongo.collection(self._runtime.name, model.collection)

    async def _current(self, receipt: Document) -> State:
        model = next(model for model in State.__subclasses__() if model.collection == receipt["collection"])
        return await self.show(model, receipt["id"])

    @property
    def _receipt_id(self) -> str | None:
        """What the idempotency record is found by: principal, route and key; none of them can be read from it."""
        key = self._visit.idempotency_key()
        if key is None:
            return None
        scope = f"{self.subject}\n{self._visit.target}\n{key}"
        return f"{self.force}:{hashlib.sha256(scope.encode()).hexdigest()}"

    async def _receipt(self, state: State) -> Document | None:
        if self._receipt_id is None:
            return None
        return {
            "_id": self._receipt_id,
            "fingerprint": self._runtime.keys.files.fingerprint(self.force, self._visit.body),
            "status": 201 if state.version == 1 else 200,
            "collection": state.collection,
            "id": state.id,
            "version": state.version,
            "created_at": self.now(),
        }


async def desk(visit: Visiting) -> Desk:
    """The desk of a request that its route has admitted."""
    standing = Desk(visit)
    visit.recorded_before.append(standing.admit)
    return standing


AtDesk = Annotated[Desk, Depends(desk)]
"""`async def close(…, desk: AtDesk)`: who may stand there is said by the route class, `admits(Role.RECORDER)`."""


async def indexes(runtime: Runtime, models: Sequence[type[State]]) -> None:
    """Collections and indexes that recording needs; a transaction had better not be the first to write to one."""
    for name in [*(model.collection for model in models), IDEMPOTENCY, OUTBOX, FENCES]:
        await runtime.mongo.ensure_collection(runtime.name, name)
    receipts = runtime.mongo.collection(runtime.name, IDEMPOTENCY)
    await receipts.create_index([("created_at", 1)], name="expiry", expireAfterSeconds=KEPT_SECONDS)
    await Outbox(runtime.mongo, runtime.name).indexes()
    await key_indexes(runtime.mongo)
