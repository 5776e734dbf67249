"""A tiny service that the chassis is tried with: leaflets, which are concerns kept in memory."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import httpx2
from fastapi import APIRouter, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from joserfc import jws
from joserfc.jwk import ECKey, KeySet
from pydantic import SecretStr
from uuid_utils import uuid7

from chassis.admission import ANY_GRANT, admits
from chassis.answers import Page, Replayed
from chassis.auth import Authenticator
from chassis.documents import example
from chassis.keys import KeyFiles, KeyStore
from chassis.mongo import Mongo
from chassis.principal import Role
from chassis.problems import Refusal, not_found, problems
from chassis.recording import Stale
from chassis.registry import Registry, Snapshot
from chassis.runtime import Runtime
from chassis.service import Service
from chassis.settings import Settings
from chassis.visit import Visiting
from contracts.concern import Concern, ConcernFacts, Progressing
from contracts.entry import Entry, Patch, PatchOf

ISSUER: Final = "urn:test:issuer"
HERE: Final = "northamptonshire"
THERE: Final = "essex"
NOWHERE: Final = "atlantis"
PATH: Final = f"/v1/forces/{HERE}/leaflets"
COLLECTION: Final = "leaflets"
FACTS: Final = {"category": "burglary", "said": "Sheds are broken into at night"}
UNREACHABLE: Final = "mongodb://nobody:secret-words@127.0.0.1:9/?replicaSet=rs0"


class LeafletError(Exception):
    """A refusal of the domain."""


class AlreadyFoldedError(LeafletError):
    """The leaflet is folded."""

    pointer = "#/fold"


class Issuer:
    """Issues tokens by a key of its own."""

    def __init__(self, jwks: Path, name: str = "one") -> None:
        self.jwks = jwks
        self.rotate(name)

    def rotate(self, name: str) -> None:
        """Take a new key, and publish that one alone."""
        self.key = ECKey.generate_key("P-256", {"kid": name, "use": "sig", "alg": "ES256"})
        self.jwks.write_text(json.dumps(KeySet([self.key]).as_dict()))

    def claims(self, held: Mapping[str, Any], /, **claims: Any) -> dict[str, Any]:
        """The claims of a token that is good for an hour."""
        listed = [{"force": force, "roles": roles} for force, roles in held.items()]
        own = {"iss": ISSUER, "aud": "roundtable", "sub": "ada", "exp": int(time.time()) + 3600, "grants": listed} | claims
        return {name: value for name, value in own.items() if value is not None}

    def token(self, held: Mapping[str, Any], /, **claims: Any) -> str:
        """A token; a claim of None is left out."""
        return self.signed(self.claims(held, **claims))

    def signed(self, claims: Any) -> str:
        """Any JSON value, signed as the claims of a token."""
        return jws.serialize_compact({"alg": "ES256", "kid": self.key.kid}, json.dumps(claims), self.key)

    def bearer(self, held: Mapping[str, Any], /, **claims: Any) -> dict[str, str]:
        """The header that presents a token."""
        return {"Authorization": f"Bearer {self.token(held, **claims)}"}


class Shelf(dict[str, Concern]):
    """The leaflets there are."""

    def of(self, leaflet: UUID) -> Concern:
        """One of them; 404 when it is absent."""
        found = self.get(str(leaflet))
        if found is None:
            raise not_found(COLLECTION)
        return found


writing = APIRouter(prefix="/v1/forces/{force}/leaflets", route_class=admits(Role.RECORDER))
reading = APIRouter(prefix="/v1/forces/{force}/leaflets", route_class=admits(*ANY_GRANT))
anywhere = APIRouter(prefix="/v1", route_class=admits(*ANY_GRANT))
plain = APIRouter()


@writing.post("", status_code=201, openapi_extra=example(request=FACTS))
async def write(wish: Entry[ConcernFacts], visit: Visiting) -> Concern:
    """Write a leaflet."""
    leaflet = Concern.begin(wish, id=str(uuid7()), force=visit.force)
    if visit.idempotency_key() == "used":
        raise Replayed(leaflet.next(priority="high"), 201, 1)
    visit.runtime.kept(Shelf)[leaflet.id] = leaflet
    return leaflet


@writing.patch("/{leaflet}", responses=problems(412, 428), openapi_extra=example(request={"priority": "high"}))
async def amend(leaflet: UUID, wish: Annotated[Patch, PatchOf(ConcernFacts)], visit: Visiting) -> Concern:
    """Change a leaflet."""
    shelf = visit.runtime.kept(Shelf)
    found = shelf.of(leaflet)
    visit.check_version(found.version)
    shelf[found.id] = found.next(**wish.apply(found))
    return shelf[found.id]


@writing.post("/{leaflet}/fold", responses=problems(409), openapi_extra=example(answer={"id": "0197"}))
async def fold(leaflet: UUID) -> Concern:
    """Fold a leaflet; it always was."""
    message = f"leaflet {leaflet} is folded"
    raise AlreadyFoldedError(message)


@writing.post("/{leaflet}/progress", openapi_extra=example(request={}))
async def progress(leaflet: UUID, visit: Visiting, wish: Entry[Progressing] | None = None) -> Concern:
    """Note progress, with words or without."""
    return visit.runtime.kept(Shelf).of(leaflet).next(progress=wish and wish.progress)


@writing.post("/{leaflet}/contended", openapi_extra=example(answer={"id": "0197"}))
async def contended(leaflet: UUID, visit: Visiting, request: Request) -> Concern:
    """Succeed at the third attempt, or never."""
    request.state.attempts = getattr(request.state, "attempts", 0) + 1
    if request.state.attempts < int(request.query_params["needs"]):
        raise Stale
    return visit.runtime.kept(Shelf).of(leaflet)


@reading.get("/{leaflet}", openapi_extra=example(answer={"id": "0197"}))
async def show(leaflet: UUID, visit: Visiting) -> Concern:
    """Show a leaflet."""
    return visit.runtime.kept(Shelf).of(leaflet)


@reading.get("", openapi_extra=example(answer={"items": [], "next": None}))
async def shelf_of(visit: Visiting, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Page[Concern]:
    """List the leaflets."""
    return Page(items=tuple(visit.runtime.kept(Shelf).values())[:limit], next=None)


@anywhere.get("/mine", openapi_extra=example(answer={"forces": [HERE]}))
async def mine(visit: Visiting) -> dict[str, list[str]]:
    """List the forces that one may read."""
    return {"forces": visit.forces(Role.READER, Role.SENSITIVE_READER)}


@anywhere.get("/unjudged", openapi_extra=example(answer=[]))
async def unjudged() -> list[Concern]:
    """Return states past the judge."""
    return [Concern(id=str(uuid7()), force=HERE, version=1, **FACTS)]


@anywhere.get("/live", response_class=EventSourceResponse, openapi_extra=example(answer="data: x", media_type="text/event-stream"))
async def live(visit: Visiting) -> AsyncIterator[ServerSentEvent]:
    """Stream the forces that one may read."""
    for force in visit.forces(Role.READER):
        yield ServerSentEvent(data=force)


@plain.get("/broken", openapi_extra=example(answer={}))
async def broken() -> None:
    """Fail."""
    message = "what a caller sent"
    raise RuntimeError(message)


@plain.get("/database", openapi_extra=example(answer={}))
async def database(request: Request) -> None:
    """Ask MongoDB."""
    await request.app.state.runtime.mongo.ping()


LEAFLETS: Final = Service(
    "leaflets",
    Settings,
    routers=[writing, reading, anywhere, plain],
    refusals={LeafletError: (409, "already-folded")},
    description="Leaflets.",
    needs_kafka=False,
)


def runtime_of(issuer: Issuer, folder: Path, snapshot: Snapshot | None = None) -> Runtime:
    """A runtime whose MongoDB is away and whose registry is in memory."""
    # Not PyMongo: its async driver, cancelled while it connects, leaves a socket to the garbage collector, and a later test is blamed.
    mongo = Mongo(UNREACHABLE)
    known = snapshot or Snapshot({HERE: "Northamptonshire Police", THERE: "Essex Police"}, {HERE: 3, THERE: 3}, {})

    async def read() -> Snapshot:
        return known

    settings = Settings(
        mongo_url=SecretStr(UNREACHABLE),
        kafka_bootstrap_servers="127.0.0.1:9",
        kafka_security_protocol="PLAINTEXT",
        jwks=str(issuer.jwks),
        issuer=ISSUER,
    )
    authenticator = Authenticator(settings.trusted())
    made = Runtime("leaflets", settings, mongo, KeyStore(mongo, KeyFiles(folder)), Registry(read), authenticator)
    made.checks.add("jwks", authenticator.probe)
    made.keep(Shelf())
    made.exits.push_async_callback(mongo.close)
    return made


@asynccontextmanager
async def open_door(runtime: Runtime, peer: str = "127.0.0.1") -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service, and the runtime's end afterwards."""
    await runtime.registry.refresh()
    transport = httpx2.ASGITransport(app=LEAFLETS.app(runtime), client=(peer, 50000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://leaflets") as client:
        yield client
    await runtime.exits.aclose()


async def status_of(authenticator: Authenticator, token: str) -> int:
    """How a token is answered; 200 where it is taken."""
    try:
        await authenticator.verify(token)
    except Refusal as refusal:
        return refusal.status
    return 200
