"""The condition of a running stack: who answers, how far the read model is behind, what waits to be published."""

from collections import Counter
from typing import Any, TypedDict

import httpx2
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from pymongo.errors import PyMongoError

from roundtable import log_offsets
from roundtable.live_model import of_live
from roundtable.native.kafka.server import why_away
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning, registered_forces
from roundtable.provisioning.desk import Document
from roundtable.provisioning.services import WRITERS

_SECONDS = 5.0


class Engine(TypedDict, total=False):
    """Kafka's or MongoDB's address, and why it is not ready."""

    bootstrap_servers: str
    address: str
    ready: bool
    why: str | None


class Service(TypedDict):
    """A service's address and what its `/health/ready` says; no checks when it does not answer."""

    url: str
    ready: bool
    checks: dict[str, Any]


class Force(TypedDict):
    """Events that the read model has yet to project, and events not yet published; null when it cannot be told."""

    lag: int | None
    outbox_pending: int


class Condition(TypedDict):
    """What `roundtable status --json` prints."""

    kafka: Engine
    mongo: Engine
    services: dict[str, Service]
    forces: dict[str, Force]


def condition_of(desk: OperatorDesk) -> Condition:
    """Ask everyone; nobody is waited for longer than a few seconds."""
    at = desk.addresses
    kafka, mongo = why_away(desk.provisioning.kafka), _why_mongo_is_away(desk.provisioning)
    return {
        "kafka": {"bootstrap_servers": at.for_clients.bootstrap_servers, "ready": kafka is None, "why": kafka},
        "mongo": {"address": at.mongo, "ready": mongo is None, "why": mongo},
        "services": services_of(desk),
        "forces": {} if mongo else _forces(desk.provisioning, kafka_is_there=kafka is None),
    }


def services_of(desk: OperatorDesk) -> dict[str, Service]:
    """What each service says of itself."""
    at = desk.addresses
    return {name: {**_service(url), "url": at.for_clients.services.get(name, url)} for name, url in at.services.items()}


def is_well(condition: Condition) -> bool:
    """Whether every part is ready."""
    parts = [condition["kafka"], condition["mongo"], *condition["services"].values()]
    return all(part["ready"] for part in parts)


def _why_mongo_is_away(desk: Provisioning) -> str | None:
    try:
        desk.mongo.admin.command("ping")
    except PyMongoError as failure:
        return str(failure).partition(", Timeout:")[0]
    return None


def _service(url: str) -> Service:
    try:
        answer = httpx2.get(f"{url}/health/ready", timeout=_SECONDS)
        said = answer.json()
    except (httpx2.TransportError, ValueError):
        return {"url": url, "ready": False, "checks": {}}
    return {"url": url, "ready": answer.is_success, "checks": said.get("checks", {})}


def _forces(desk: Provisioning, *, kafka_is_there: bool) -> dict[str, Force]:
    forces = registered_forces(desk)
    pending = _pending(desk)
    behind = lags(desk, forces) if kafka_is_there else {}
    return {slug: {"lag": behind.get(slug), "outbox_pending": pending[slug]} for slug in (force["_id"] for force in forces)}


def _pending(desk: Provisioning) -> Counter[str]:
    """Pending outbox records of each force, of all services that write."""
    counts: Counter[str] = Counter()
    stages: list[Document] = [{"$match": {"status": "pending"}}, {"$group": {"_id": "$force", "records": {"$sum": 1}}}]
    for service in WRITERS:
        for group in desk.database(service)["outbox"].aggregate(stages):
            counts[group["_id"]] += group["records"]
    return counts


def lags(desk: Provisioning, forces: list[Document]) -> dict[str, int]:
    """How many events of each force the live model is behind."""
    positions = desk.database("readmodel")["positions"].find(of_live(desk, "readmodel"))
    projected = {(at["topic"], at["partition"]): at["offset"] for at in positions}
    behind: Counter[str] = Counter()
    for (topic, partition), end in ends(desk.kafka, forces).items():
        behind[topic] += end - projected.get((topic, partition), 0)
    return {force["_id"]: behind[force["topic"]] for force in forces}


def ends(kafka: AdminClient, forces: list[Document]) -> dict[tuple[str, int], int]:
    """The offset after the last event of every partition."""
    every = [TopicPartition(force["topic"], number) for force in forces for number in range(force["partitions"])]
    return {place: answer.result().offset for place, answer in log_offsets.after_last(kafka, every).items()}
