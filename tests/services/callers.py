"""Callers of a service: its real application on a real MongoDB, asked over HTTP with real tokens."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2

from chassis.mongo import Collection
from chassis.relay import relay
from chassis.runtime import Runtime
from chassis.service import Service
from contracts.vouching import HEADER
from roundtable.grants import Grant
from roundtable.identity import Issuer
from tests.conftest import Place, eventually, running

Record = dict[str, Any]
ROUND_TABLE: Record = {"kind": "round_table", "title": "Round table with leaders of mosques"}
HELD: Record = ROUND_TABLE | {"status": "held", "held_on": "2025-05-06"}
PATROLS: Record = {"category": "patrol-visibility", "said": "Patrols are seen too seldom", "raised_on": "2025-05-06"}
PROMISE: Record = {"owner_role": "Chief Constable", "commitment": "Walk the streets on Fridays", "standing": True}
RESOLVED: Record = {"resolution": "resolved", "reason": "Patrols take place", "decided_by": "neighbourhood_team"}


@dataclass(frozen=True)
class Caller:
    """Someone with roles in a force, who calls one service; addresses are those behind `/v1/forces/{force}`."""

    client: httpx2.AsyncClient
    issuer: Issuer
    runtime: Runtime
    force: str
    roles: tuple[str, ...]
    vouched: tuple[str, ...] = ()

    def vouching(self, *pointers: str) -> "Caller":
        """The same caller, who says of these texts of every body that they hold no personal data."""
        return replace(self, vouched=pointers)

    def holding(self, *roles: str, force: str | None = None) -> "Caller":
        """Another caller, who holds these roles; in another force perhaps."""
        return replace(self, roles=roles, force=force or self.force)

    async def get(self, path: str, force: str | None = None) -> httpx2.Response:
        """Read something."""
        return await self.client.get(self._address(path, force), headers=self._headers())

    async def ask(self, method: str, path: str, body: Any, tag: str | None) -> httpx2.Response:
        """Send a body as it is, with an `If-Match` of any form or none."""
        headers = self._headers() | ({} if tag is None else {"If-Match": tag})
        return await self.client.request(method, self._address(path), json=body, headers=headers)

    async def post(self, path: str, body: Any = None, *, version: int | None = None, key: str | None = None) -> httpx2.Response:
        """Do something, to a version of a record or with an idempotency key perhaps."""
        return await self.client.post(self._address(path), json=body, headers=self._headers(version, key))

    async def patch(self, path: str, changes: Any, *, version: int) -> httpx2.Response:
        """Amend a version of a record."""
        return await self.client.patch(self._address(path), json=changes, headers=self._headers(version))

    async def made(self, path: str, body: Record) -> Record:
        """Something new."""
        return done(await self.post(path, body), 201)

    async def changed(self, record: Record, operation: str, body: Record | None = None) -> Record:
        """A record after an operation on the version that is given."""
        return done(await self.post(f"{self.path_of(record)}/{operation}", body, version=record["version"]))

    async def amended(self, record: Record, **changes: Any) -> Record:
        """A record after an amendment of the version that is given."""
        return done(await self.patch(self.path_of(record), changes, version=record["version"]))

    async def seen(self, record: Record) -> Record:
        """A record as this caller sees it now."""
        return done(await self.get(self.path_of(record)))

    def path_of(self, record: Record) -> str:
        """Where a record of this service is found: its last event says what it is."""
        kind = record["last_event"]["type"].removeprefix("engagement.").split("-")[0]
        return f"/{kind}s/{record['id']}"

    def stored(self, collection: str) -> Collection:
        """A collection of the service's own database."""
        return self.runtime.mongo.collection(self.runtime.name, collection)

    async def events(self, subject: str | None = None) -> list[str]:
        """The names of what was recorded, of one record perhaps, in its order."""
        where = {} if subject is None else {"subject": subject}
        found = await self.stored("outbox").find(where, sort=[("version", 1)])
        return [record["type"].removeprefix("engagement.").removesuffix(".v1") for record in found]

    async def lost_key(self, kid: str) -> bool:
        """Whether a data key is in the key store no more."""
        return await self.runtime.keys.find(self.force, kid) is None

    async def published_until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Let the relay carry what was recorded to Kafka until something holds; the service stops with it."""
        async with running(self.runtime, relay(self.runtime)):
            await eventually(condition)

    def _address(self, path: str, force: str | None = None) -> str:
        return f"/v1/forces/{force or self.force}{path}"

    def _headers(self, version: int | None = None, key: str | None = None) -> Record:
        token = self.issuer.token("ada", [Grant(self.force, self.roles)], timedelta(hours=1))
        sent = {"Authorization": f"Bearer {token}", "If-Match": f'"{version}"' if version else None, "Idempotency-Key": key}
        sent[HEADER] = ", ".join(self.vouched) or None
        return {name: value for name, value in sent.items() if value is not None}


def done(response: httpx2.Response, status: int = 200) -> Record:
    """The record that was answered."""
    assert response.status_code == status, response.text
    return dict(response.json())


def refused(response: httpx2.Response) -> tuple[int, str, str | None]:
    """Status and kind of a refusal, and the field that it points at."""
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    pointers = [error.get("pointer") for error in problem.get("errors", [])]
    return response.status_code, problem["type"].removeprefix("urn:roundtable:problem:"), pointers[0] if pointers else None


@asynccontextmanager
async def calling(service: Service, runtime: Runtime, place: Place, *roles: str) -> AsyncIterator[Caller]:
    """A caller with these roles in the force of the test."""
    issuer = Issuer(place.engines.home)
    issuer.publish()
    assert service.setup is not None
    await service.setup(runtime)
    transport = httpx2.ASGITransport(app=service.app(runtime))
    async with httpx2.AsyncClient(transport=transport, base_url=f"http://{service.name}") as client:
        yield Caller(client, issuer, runtime, place.force, roles)


async def organisation(caller: Caller, **facts: Any) -> Record:
    """An organisation that was registered."""
    return await caller.made("/organisations", {"name": "Kettering Muslim Association"} | facts)


async def raised(caller: Caller, **facts: Any) -> Record:
    """A concern that was raised."""
    return await caller.made("/concerns", PATROLS | facts)


async def promised(caller: Caller, *answered: Record, **facts: Any) -> Record:
    """A standing action that was opened in answer to concerns."""
    return await caller.made("/actions", PROMISE | {"answers": [concern["id"] for concern in answered]} | facts)
