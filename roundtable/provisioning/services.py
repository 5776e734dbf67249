"""The identities of the services and of the command line: a user each in Kafka and in MongoDB."""

from confluent_kafka.admin import AclBinding, AdminClient
from pymongo import MongoClient

from roundtable.credentials import Credentials
from roundtable.provisioning import acls, scram
from roundtable.provisioning.desk import Document
from roundtable.provisioning.names import COMMAND_LINE, READERS, SERVICES, WRITERS
from roundtable.provisioning.rights import provision_rights

__all__ = ["COMMAND_LINE", "READERS", "SERVICES", "WRITERS", "make_kafka_users", "provision_services", "standing_rules"]


def provision_services(kafka: AdminClient, mongo: MongoClient[Document], secrets: Credentials, database_prefix: str = "") -> None:
    """Make the users that are missing, with the passwords of the data folder and no more rights than they need.

    With a prefix, the same users get the same rights on the databases of that prefix as well.
    """
    missing = [user for user in SERVICES if not scram.has_user(kafka, user)]
    if missing:
        make_kafka_users(kafka, secrets, missing)
    acls.allow(kafka, standing_rules())
    provision_rights(mongo, secrets, database_prefix)


def make_kafka_users(kafka: AdminClient, secrets: Credentials, users: list[str]) -> None:
    """Make users in Kafka with their passwords of the data folder."""
    scram.set_passwords(kafka, {user: secrets.of("kafka", user) for user in users})


def standing_rules() -> list[AclBinding]:
    """What services may do that is not of one force."""
    producers = [acls.may_be_idempotent(user) for user in WRITERS]
    return producers + [acls.may_join(user, user) for user in READERS]
