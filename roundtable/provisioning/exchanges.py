"""Passwords that the engines are to take, and those that a broken-off command left them to take."""

from collections.abc import Callable
from functools import partial
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.errors import ExecutionTimeout, OperationFailure, WriteConcernError

from roundtable.credentials import Credentials
from roundtable.provisioning import scram
from roundtable.provisioning.desk import Document

_REFUSED_BY_KAFKA: Final = frozenset(
    {
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.INVALID_REQUEST,
        KafkaError.POLICY_VIOLATION,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNACCEPTABLE_CREDENTIAL,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
    }
)


def give_in_mongo(mongo: MongoClient[Document], user: str, password: str) -> None:
    """Give a user of MongoDB this password; open connections stay."""
    mongo.admin.command("updateUser", user, pwd=password)


def give_in_kafka(kafka: AdminClient, user: str, password: str) -> None:
    """Give a user of Kafka this password, or make it with it; open connections stay."""
    scram.set_passwords(kafka, {user: password})


def is_refusal(error: Exception) -> bool:
    """Whether an engine answered that it did not take a password; whatever else went wrong, it may have."""
    if isinstance(error, KafkaException):
        return error.args[0].code() in _REFUSED_BY_KAFKA
    unsure = (WriteConcernError, ExecutionTimeout)
    return isinstance(error, OperationFailure) and not isinstance(error, unsure) and "writeConcernError" not in (error.details or {})


def finish_exchanges(kafka: AdminClient, mongo: MongoClient[Document], secrets: Credentials) -> None:
    """Give the engines the passwords that stand in the files, where an exchange was broken off before they had them.

    The administrators have signed in already, and so theirs are right.
    """
    _finish(secrets, "mongo", partial(give_in_mongo, mongo))
    _finish(secrets, "kafka", partial(give_in_kafka, kafka))


def _finish(secrets: Credentials, engine: str, give: Callable[[str, str], None]) -> None:
    for user in secrets.unfinished(engine):
        give(user, secrets.kept(engine, user))
        secrets.before(engine, user).unlink()
