"""Bad requests to the running services: what each is answered, and that it leaves nothing behind."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx2
from pymongo import MongoClient

from roundtable.provisioning import add_force
from tests.journeys.conftest import EVERY_ROLE, Product, created

Record = dict[str, Any]
HELD: Record = {"kind": "round_table", "title": "Round table", "status": "held", "held_on": "2025-05-06"}
PLANNED: Record = {"kind": "round_table", "title": "Round table"}
CONCERN: Record = {"category": "drugs"}
ACTION: Record = {"owner_role": "Chief Constable", "commitment": "Walk the streets on Fridays", "standing": True}
CLOSING: Record = {"resolution": "resolved", "reason": "Patrols take place", "decided_by": "neighbourhood_team"}
NOBODY = "01969f2e-4c00-7000-8000-0000000000ff"
"""An id that no record has."""
OWNERS = {
    "organisations": "meetings",
    "neighbourhoods": "meetings",
    "meetings": "meetings",
    "concerns": "concerns",
    "actions": "concerns",
    "subscriptions": "notifications",
}
"""The service of each collection: its name is that of its database too."""
_FOLLOWS = frozenset({"positions", "subjects", "watermarks"})
"""What notifications keeps of the events that it has read, and where it reads on.

It grows a moment after a request that is over, or after the force was made.
"""
# One of each for the whole session: a service takes seconds to learn of a force.
_FORCE, _OTHER = (f"b-{secrets.token_hex(4)}" for _ in range(2))


class Refused(NamedTuple):
    """A problem, as far as a caller must be able to rely on it."""

    status: int
    kind: str
    pointer: str | None = None


@dataclass(frozen=True)
class Corner:
    """A force in which a caller holds every role, and another one in which it holds none."""

    product: Product
    mongo: MongoClient[Record]
    clients: dict[str, httpx2.Client]
    strangers: dict[str, httpx2.Client]
    force: str
    other: str

    def ask(self, method: str, path: str, *, version: int | None = None, key: str | None = None, **sent: Any) -> httpx2.Response:
        """Send something to where it belongs; the path is what stands behind the force."""
        headers = {"If-Match": f'"{version}"' if version else None, "Idempotency-Key": key} | sent.pop("headers", {})
        client = self.clients[OWNERS[path.split("/")[1]]]
        given = {name: value for name, value in headers.items() if value is not None}
        return client.request(method, f"/v1/forces/{self.force}{path}", headers=given, **sent)

    def made(self, path: str, body: Record) -> Record:
        """A new record."""
        return created(self.ask("POST", path, json=body))

    def changed(self, path: str, record: Record, body: Record) -> Record:
        """A record after an operation on it."""
        answer = self.ask("POST", path, version=record["version"], json=body)
        assert answer.status_code == httpx2.codes.OK, answer.text
        return dict(answer.json())

    def refused(self, path: str, body: Any = None, *, method: str = "POST", **asked: Any) -> Refused:
        """What a request is answered that must be refused; it stores nothing, and the answer holds nothing of what was sent."""
        if body is not None:
            asked["json"] = body
        with self.nothing_stored():
            answer = self.ask(method, path, **asked)
        return told(answer, *_words(body), *_words(asked.get("content")))

    @contextmanager
    def nothing_stored(self) -> Iterator[None]:
        """Look before and after: every owner holds the same records of both forces, at the same versions, and no more."""
        before = self.stored()
        yield
        assert self.stored() == before

    def stored(self) -> set[tuple[str, str, Any, Any]]:
        """Everything that the owners hold of the two forces: database, collection, id and version."""
        of_ours = {"$or": [{"force": {"$in": [self.force, self.other]}}, {"_id": {"$regex": f"^({self.force}|{self.other}):"}}]}
        return {
            (owner, name, document["_id"], document.get("version"))
            for owner in set(OWNERS.values())
            for name in set(self.mongo[owner].list_collection_names()) - _FOLLOWS
            for document in self.mongo[owner][name].find(of_ours, {"version": 1})
        }


def told(answer: httpx2.Response, *sent: str) -> Refused:
    """What a problem says; it must be one, and must hold nothing of what was sent."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    echoed = [word for word in sent if word in answer.text or word in str(answer.headers)]
    assert not echoed, answer.text
    first = problem.get("errors", [{}])[0]
    kind = problem["type"].removeprefix("urn:roundtable:problem:")
    return Refused(answer.status_code, first.get("code", kind), first.get("pointer"))


def at_a_corner(product: Product) -> Iterator[Corner]:
    """The fixture `corner`: `corner = pytest.fixture(scope="module")(at_a_corner)`."""
    add_force(product.engines.provisioning, _OTHER)
    product.add_force(_FORCE)
    services = sorted(set(OWNERS.values()))
    with ExitStack() as opened:
        clients = {name: opened.enter_context(product.client(name, f"{_FORCE}:{EVERY_ROLE}")) for name in services}
        strangers = {name: opened.enter_context(product.client(name, f"{_OTHER}:{EVERY_ROLE}")) for name in services}
        mongo = opened.enter_context(product.engines.mongo.client())
        yield Corner(product, mongo, clients, strangers, _FORCE, _OTHER)


def _words(sent: Any) -> list[str]:
    """Every text in what was sent that is long enough to be told from a problem's own words."""
    if isinstance(sent, dict):
        return [word for value in sent.values() for word in _words(value)]
    if isinstance(sent, list):
        return [word for value in sent for word in _words(value)]
    if isinstance(sent, bytes):
        return [sent.decode(errors="replace")] if sent else []
    return [sent] if isinstance(sent, str) and len(sent) > len("2025") else []
