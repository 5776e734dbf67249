"""Passwords that the engines are to take, and those that a broken-off command left them to take."""

from collections.abc import Callable
from functools import partial

from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from roundtable.credentials import Credentials
from roundtable.provisioning import scram
from roundtable.provisioning.desk import Document


def give_in_mongo(mongo: MongoClient[Document], user: str, password: str) -> None:
    """Give a user of MongoDB this password; open connections stay."""
    mongo.admin.command("updateUser", user, pwd=password)


def give_in_kafka(kafka: AdminClient, user: str, password: str) -> None:
    """Give a user of Kafka this password, or make it with it; open connections stay."""
    scram.set_passwords(kafka, {user: password})


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
