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
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from roundtable.provisioning.desk import ANSWER_SECONDS, settle, until

_ITERATIONS = 8192


def set_passwords(kafka: AdminClient, passwords: Mapping[str, str]) -> None:
    """Make these users, or give them these passwords; open connections stay."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, info, word.encode()) for user, word in passwords.items()
    ]
    settle(kafka.alter_user_scram_credentials(changes))
    until(lambda: all(has_user(kafka, user) for user in passwords), "Kafka knows its new users")


def remove_user(kafka: AdminClient, user: str) -> None:
    """End a user's password, by whichever mechanism; nobody signs in with it from now on, and open connections stay."""
    held = _held(kafka, user)
    if held:
        changes: list[UserScramCredentialAlteration] = [UserScramCredentialDeletion(user, mechanism) for mechanism in held]
        settle(kafka.alter_user_scram_credentials(changes))
        until(lambda: not has_user(kafka, user), "Kafka forgets its user")


def users(kafka: AdminClient) -> list[str]:
    """Every user that has a password, in order."""
    every: Future[dict[str, Any]] = cast("Future[dict[str, Any]]", kafka.describe_user_scram_credentials())
    return sorted(every.result(ANSWER_SECONDS))


def has_user(kafka: AdminClient, user: str) -> bool:
    """Whether Kafka knows this user."""
    return bool(_held(kafka, user))


def _held(kafka: AdminClient, user: str) -> list[ScramMechanism]:
    """By which mechanisms a user can sign in."""
    # The client answers one future instead when it is asked for all users.
    answers = cast("dict[str, Future[Any]]", kafka.describe_user_scram_credentials([user]))
    try:
        return [info.mechanism for info in answers[user].result(ANSWER_SECONDS).scram_credential_infos]
    except KafkaException as refusal:
        if refusal.args[0].code() == KafkaError.RESOURCE_NOT_FOUND:
            return []
        raise
