"""The clients that provisioning works with, and how it waits for Kafka's answers."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.database import Database

from roundtable.errors import OperatorError

ANSWER_SECONDS = 30.0
_TICK = 0.01

Document = dict[str, Any]


@dataclass(frozen=True)
class Provisioning:
    """Kafka's administrator, a MongoDB client that may write `registry`, and the folder of the keys."""

    kafka: AdminClient
    mongo: MongoClient[Document]
    keys_dir: Path
    database_prefix: str = ""
    brokers: int = 1
    """How many there are when all of them are well."""

    def database(self, name: str) -> Database[Document]:
        """A database by its name in the design."""
        return self.mongo[self.database_prefix + name]


def kafka_admin(client: Mapping[str, str]) -> AdminClient:
    """An administrator's client that does not chatter on standard error while a broker is away."""
    return AdminClient({**client, "log_level": 0})


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; raises OperatorError, saying what did not come about, when it does not."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            message = f"waited {ANSWER_SECONDS:g} s in vain until {what}"
            raise OperatorError(message)
        time.sleep(_TICK)


def settle(answers: Mapping[Any, Future[Any]]) -> None:
    """Wait for every answer; what exists already is as it should be, any other error is raised."""
    for answer in answers.values():
        try:
            answer.result(ANSWER_SECONDS)
        except KafkaException as refusal:
            if refusal.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
