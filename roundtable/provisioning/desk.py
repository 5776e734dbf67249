"""The clients that provisioning works with, and how it waits for Kafka's answers."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.database import Database

ANSWER_SECONDS = 30.0

Document = dict[str, Any]


@dataclass(frozen=True)
class Provisioning:
    """Kafka's administrator, a MongoDB client that may write `registry`, and the folder of the keys."""

    kafka: AdminClient
    mongo: MongoClient[Document]
    keys_dir: Path
    database_prefix: str = ""

    def database(self, name: str) -> Database[Document]:
        """A database by its name in the design."""
        return self.mongo[self.database_prefix + name]


def kafka_admin(client: Mapping[str, str]) -> AdminClient:
    """An administrator's client that does not chatter on standard error while a broker is away."""
    return AdminClient({**client, "log_level": 0})


def settle(answers: Mapping[Any, Future[Any]]) -> None:
    """Wait for every answer; what exists already is as it should be, any other error is raised."""
    for answer in answers.values():
        try:
            answer.result(ANSWER_SECONDS)
        except KafkaException as refusal:
            if refusal.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
