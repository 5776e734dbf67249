"""Notifications, running in the test's own loop: its application behind a real socket, its consumer, its sender and its hub."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from chassis.mongo import Collection
from chassis.outbox import Outbox
from chassis.recording import Draft, Recorder
from chassis.relay import relay
from chassis.runtime import Runtime
from chassis.service import assemble
from chassis.serving import _bound, _Server, _uvicorn
from contracts.concern import Concern
from contracts.event import Event
from contracts.events import ConcernAmended
from contracts.state import State
from notifications.main import SERVICE
from notifications.parts import parts
from notifications.send import send
from notifications.settings import Settings
from notifications.stream import follow
from notifications.tell import tell
from roundtable.grants import Grant
from roundtable.identity import Issuer
from roundtable.provisioning.grants import RESTORATION, revocation
from tests.conftest import Place, eventually, running

RAISED = "engagement.concern-raised.v1"


@dataclass(frozen=True)
class Notifications:
    """The running service, and a pen to record events with."""

    place: Place
    runtime: Runtime
    concerns: Runtime
    issuer: Issuer
    url: str

    def client(self, *roles: str, subject: str = "partner", force: str | None = None, lifetime: int = 3600) -> httpx2.AsyncClient:
        """A caller with roles, subscriber unless others are named, in the force of the test or in others, separated by commas."""
        forces = (force or self.place.force).split(",")
        grants = [Grant(each, roles or ("subscriber",)) for each in forces]
        token = self.issuer.token(subject, grants, timedelta(seconds=lifetime))
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=20, trust_env=False)

    def path(self, *rest: str, force: str | None = None) -> str:
        """The path of the subscriptions of a force, or of something below."""
        return "/".join((f"/v1/forces/{force or self.place.force}/subscriptions", *rest))

    async def subscribed(self, url: str, *, subject: str = "partner", **facts: Any) -> dict[str, Any]:
        """A new subscription, its secret included."""
        async with self.client(subject=subject) as client:
            answer = await client.post(self.path(), json={"url": url} | facts)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def deliveries(self, subscription: dict[str, Any]) -> list[dict[str, Any]]:
        """The deliveries of a subscription, as the interface tells them."""
        async with self.client() as client:
            answer = await client.get(self.path(subscription["id"], "deliveries"))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def recorded(self, *events: Event[Any]) -> list[State]:
        """Events as their service records them, now."""
        recorder = Recorder(self.concerns.mongo, self.concerns.keys, "concerns")
        states = [(await recorder.record([Draft(event, None)], datetime.now(UTC)))[0] for event in events]
        self.concerns.recorded.set()
        return states

    def stored(self, collection: str) -> Collection:
        """A collection of the service's own database."""
        return self.runtime.mongo.collection("notifications", collection)

    async def consumed(self) -> bool:
        """Whether the consumer has dealt with everything that was recorded."""
        positions = await self.stored("positions").find({})
        written = await self.concerns.mongo.collection("concerns", "outbox").count({})
        return int(sum(position["offset"] for position in positions)) == written

    async def heard(self) -> bool:
        """Whether the hub has read everything that was recorded."""
        written = await self.concerns.mongo.collection("concerns", "outbox").count({})
        return sum((await parts(self.runtime).hub.reached(self.place.force)).values()) == written

    def settled(self, subscription: dict[str, Any], status: str, count: int = 1) -> Callable[[], Awaitable[bool]]:
        """A condition: so many deliveries of a subscription have a status."""

        async def are() -> bool:
            return [each["status"] for each in await self.deliveries(subscription)].count(status) == count

        return are

    async def knows(self, force: str) -> None:
        """Wait until the process knows a force."""

        async def registered() -> bool:
            await asyncio.sleep(0)
            return force in self.runtime.registry.forces

        await eventually(registered)

    def revoke(self, subject: str) -> None:
        """Take a grant away, as the operator's command does."""
        self._regrant(subject, revocation(subject, self.place.force, datetime.now(UTC)))

    def restore(self, subject: str) -> None:
        """Give it back, as the operator's command does."""
        self._regrant(subject, RESTORATION)

    def _regrant(self, subject: str, update: list[dict[str, Any]]) -> None:
        with self.place.engines.mongo.client() as client:
            grants = client[f"{self.place.prefix}registry"]["grants"]
            grants.update_one({"_id": f"{subject}:{self.place.force}"}, update, upsert=True)


@asynccontextmanager
async def serving(
    place: Place,
    concerns: Runtime,
    monkeypatch: pytest.MonkeyPatch,
    settings: Mapping[str, str] | None = None,
    send_buffer: int | None = None,
) -> AsyncIterator[Notifications]:
    """The service at the test's place: everything that its `main` lists, and the registry's poll."""
    allowed = {"ROUNDTABLE_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.1/32"]', "ROUNDTABLE_WEBHOOK_ALLOW_HTTP": "true"}
    for name, value in (place.environment("notifications") | allowed | dict(settings or {})).items():
        monkeypatch.setenv(name, value)
    issuer = Issuer(place.engines.home)
    issuer.publish()
    runtime = assemble("notifications", Settings())
    try:
        assert SERVICE.setup is not None
        await SERVICE.setup(runtime)
        await runtime.registry.refresh()
        listening_at = _bound("127.0.0.1", 0)
        if send_buffer is not None:
            listening_at.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        url = f"http://127.0.0.1:{listening_at.getsockname()[1]}"
        work = [tell(runtime), send(runtime), follow(runtime), runtime.registry.poll(runtime.stopping, 0.1)]
        async with running(concerns, relay(concerns)), running(runtime, *work, _serve(runtime, listening_at)):
            yield Notifications(place, runtime, concerns, issuer, url)
    finally:
        await runtime.exits.aclose()


async def _serve(runtime: Runtime, listening_at: socket.socket) -> None:
    server = _Server(_uvicorn(SERVICE.app(runtime), runtime.settings.connections))
    serving_now = asyncio.create_task(server.serve([listening_at]))
    await runtime.stopping.wait()
    server.should_exit = True
    await serving_now


def amended(state: State, **changes: Any) -> ConcernAmended:
    """The event of a concern's next version."""
    return ConcernAmended(Concern.model_validate(state.opened()).next(**changes))


async def prepared(runtime: Runtime) -> Runtime:
    """The collections that recording concerns needs."""
    for name in ("concerns", "outbox", "idempotency", "fences"):
        await runtime.mongo.ensure_collection("concerns", name)
    await Outbox(runtime.mongo, "concerns").indexes()
    return runtime
