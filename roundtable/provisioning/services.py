"""The identities of the services and of the command line: a user each in Kafka and in MongoDB."""

from collections.abc import Mapping, Sequence
from typing import Final

from confluent_kafka.admin import AclBinding, AdminClient
from pymongo import MongoClient

from roundtable.credentials import Credentials
from roundtable.provisioning import acls, scram
from roundtable.provisioning.desk import Document

WRITERS: Final = ("meetings", "concerns")
READERS: Final = ("readmodel", "notifications")
SERVICES: Final = (*WRITERS, *READERS)
COMMAND_LINE: Final = "cli"

Rights = Mapping[str, str]

_RIGHTS: Final[Mapping[str, Rights]] = {
    "meetings": {"meetings": "readWrite", "keys": "readWrite", "registry": "read"},
    "concerns": {"concerns": "readWrite", "keys": "readWrite", "registry": "read"},
    # It records the grant of a subscription's owner.
    "notifications": {"notifications": "readWrite", "registry": "readWrite"},
    "readmodel": {"readmodel": "readWrite", "keys": "read", "registry": "read", "signin": "readWrite"},
    COMMAND_LINE: {
        **dict.fromkeys(("registry", "keys", "signin"), "readWrite"),
        **dict.fromkeys(SERVICES, "read"),
    },
}
_MENDED: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    **{writer: {"outbox": ("insert", "update")} for writer in WRITERS},
    **{reader: {"parked": ("update",), "positions": ("update",)} for reader in READERS},
}
"""What the command line changes of services, by collection, and how: it asks there, or sends again, and they do."""


def provision_services(kafka: AdminClient, mongo: MongoClient[Document], secrets: Credentials, database_prefix: str = "") -> None:
    """Make the users that are missing, with the passwords of the data folder and no more rights than they need.

    With a prefix, the same users get the same rights on the databases of that prefix as well.
    """
    missing = [user for user in SERVICES if not scram.has_user(kafka, user)]
    if missing:
        scram.set_passwords(kafka, {user: secrets.of("kafka", user) for user in missing})
    acls.allow(kafka, _standing_rules())
    _define_mending(mongo, database_prefix)
    for user, rights in _RIGHTS.items():
        _grant(mongo, user, secrets.of("mongo", user), _roles(user, rights, database_prefix))


def _standing_rules() -> list[AclBinding]:
    producers = [acls.may_be_idempotent(user) for user in WRITERS]
    return producers + [acls.may_join(user, user) for user in READERS]


def _roles(user: str, rights: Rights, prefix: str) -> list[Document]:
    roles = [{"role": role, "db": prefix + database} for database, role in rights.items()]
    of_operators = [{"role": name, "db": "admin"} for name in ("clusterMonitor", _mending(prefix))] if user == COMMAND_LINE else []
    return roles + of_operators


def _mending(prefix: str) -> str:
    return f"{prefix}mending"


def _define_mending(mongo: MongoClient[Document], prefix: str) -> None:
    """Say what mending is: to change a few collections in these ways, and to remove nothing."""
    privileges = [
        {"resource": {"db": prefix + service, "collection": collection}, "actions": list(actions)}
        for service, collections in _MENDED.items()
        for collection, actions in collections.items()
    ]
    known = mongo.admin.command("rolesInfo", _mending(prefix))["roles"]
    mongo.admin.command("updateRole" if known else "createRole", _mending(prefix), privileges=privileges, roles=[])


def _grant(mongo: MongoClient[Document], user: str, password: str, roles: list[Document]) -> None:
    known = mongo.admin.command("usersInfo", user)["users"]
    if not known:
        mongo.admin.command("createUser", user, pwd=password, roles=roles)
        return
    missing = [role for role in roles if role not in known[0]["roles"]]
    if missing:
        mongo.admin.command("grantRolesToUser", user, roles=missing)
