"""SCRAM users of Kafka."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from roundtable.provisioning.desk import settle, until

_ITERATIONS = 8192


def set_passwords(kafka: AdminClient, passwords: Mapping[str, str]) -> None:
    """Make these users, or give them these passwords; open connections stay."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, info, word.encode()) for user, word in passwords.items()
    ]
    settle(kafka.alter_user_scram_credentials(changes))
    until(lambda: all(has_user(kafka, user) for user in passwords), "Kafka knows its new users")


def has_user(kafka: AdminClient, user: str) -> bool:
    """Whether Kafka knows this user."""
    try:
        settle(_descriptions(kafka, user))
    except KafkaException as refusal:
        if refusal.args[0].code() == KafkaError.RESOURCE_NOT_FOUND:
            return False
        raise
    return True


def _descriptions(kafka: AdminClient, user: str) -> dict[str, Future[Any]]:
    # The client answers one future instead when it is asked for all users.
    return cast("dict[str, Future[Any]]", kafka.describe_user_scram_credentials([user]))
