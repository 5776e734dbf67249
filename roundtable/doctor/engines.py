"""Asks MongoDB and Kafka; knows nothing of good or bad."""

import time
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AdminClient, TopicMetadata

from contracts.topics import TOPIC_PREFIX, force_of
from roundtable.doctor.host import Disk
from roundtable.doctor.kafka_features import metadata_level
from roundtable.doctor.probes import SECONDS, places_of
from roundtable.doctor.stack import Belongings, Member, Partition, Waiting
from roundtable.live_model import of_live
from roundtable.provisioning import Provisioning, registered_forces
from roundtable.provisioning.desk import Document
from roundtable.provisioning.services import READERS, WRITERS

_KEYS: Final = "*.key"


def mongo_seconds_ahead(desk: Provisioning) -> float:
    """By how much the primary's clock is ahead of this host's, counted from the middle of asking it."""
    began = time.time()
    said = desk.mongo.admin.command("hello")["localTime"].replace(tzinfo=UTC).timestamp()
    return float(said - (began + time.time()) / 2)


def mongo_disk(desk: Provisioning) -> Disk:
    """The file system that MongoDB writes to."""
    said = desk.database("readmodel").command("dbStats")
    return Disk(int(said["fsTotalSize"]), int(said["fsTotalSize"] - said["fsUsedSize"]))


def mongo_versions(desk: Provisioning) -> tuple[str, str]:
    """MongoDB's version, and the version that its data is compatible with."""
    parameter = desk.mongo.admin.command({"getParameter": 1, "featureCompatibilityVersion": 1})
    compatible = parameter["featureCompatibilityVersion"]["version"]
    return str(desk.mongo.server_info()["version"]), str(compatible)


def kafka_level(bootstrap_servers: str, ca: Path | None) -> tuple[int, int]:
    """The level of Kafka's metadata, and the highest it could have, by the first broker that answers; raises OSError when none does."""
    *others, last = places_of(bootstrap_servers)
    for place in others:
        with suppress(OSError):
            return metadata_level(*place, SECONDS, ca)
    return metadata_level(*last, SECONDS, ca)


def members(desk: Provisioning) -> list[Member]:
    """The members of the replica set."""
    listed: list[Document] = desk.mongo.admin.command("replSetGetStatus")["members"]
    newest = max((member["optimeDate"] for member in listed if "optimeDate" in member), default=None)
    return [_member(member, newest) for member in listed]


def partitions(desk: Provisioning) -> list[Partition]:
    """The partitions of every registered force's topic."""
    topics = topics_of(desk.kafka)
    found = [topics[force["_id"]] for force in registered_forces(desk) if force["_id"] in topics]
    return [
        Partition(f"{topic.topic}-{number}", at.leader >= 0, len(at.replicas), len(at.isrs))
        for topic in found
        for number, at in topic.partitions.items()
    ]


def topics_of(kafka: AdminClient) -> dict[str, TopicMetadata]:
    """The topic of each force that has one, by its slug."""
    listed = kafka.list_topics(timeout=SECONDS).topics
    return {force_of(name): topic for name, topic in listed.items() if name.startswith(TOPIC_PREFIX)}


def waiting(desk: Provisioning) -> dict[str, Waiting]:
    """What of each service waits for Kafka, its age by the database's clock."""
    pipeline: list[Document] = [
        {"$match": {"status": "pending"}},
        {"$group": {"_id": None, "events": {"$sum": 1}, "oldest": {"$min": "$time"}}},
        {"$addFields": {"age": {"$divide": [{"$subtract": ["$$NOW", "$oldest"]}, 1000]}}},
    ]
    found = {service: list(desk.database(service)["outbox"].aggregate(pipeline)) for service in WRITERS}
    return {service: Waiting(int(rows[0]["events"]), float(rows[0]["age"])) for service, rows in found.items() if rows}


def parked(desk: Provisioning) -> dict[str, int]:
    """Events that each service holds parked."""
    return {service: desk.database(service)["parked"].count_documents(of_live(desk, service)) for service in READERS}


def belongings(desk: Provisioning) -> Belongings:
    """What the registry, Kafka and the folder of keys hold of each force."""
    registered = {str(force["_id"]): int(force["partitions"]) for force in registered_forces(desk)}
    topics = {force: len(topic.partitions) for force, topic in topics_of(desk.kafka).items()}
    return Belongings(registered, topics, frozenset(_with_key(desk.keys_dir)))


def _with_key(keys_dir: Path) -> list[str]:
    return [folder.name for folder in keys_dir.iterdir() if folder.is_dir() and any(folder.glob(_KEYS))]


def _member(member: Document, newest: object) -> Member:
    at = member.get("optimeDate")
    behind = (newest - at).total_seconds() if member["stateStr"] == "SECONDARY" and at and newest else 0.0
    # One that does not answer keeps the state that was last heard of it.
    return Member(member["name"], member["stateStr"] if member.get("health") else "away", behind)
