"""What the users of services and of the command line may do in MongoDB."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pymongo import MongoClient

from roundtable.credentials import Credentials
from roundtable.provisioning.desk import Document
from roundtable.provisioning.names import COMMAND_LINE, READERS, SERVICES, WRITERS

Rights = Mapping[str, str]
Role = tuple[str, str]
"""A role and the database that it is of."""

RIGHTS: Final[Mapping[str, Rights]] = {
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
_WATCHED: Final = ("getParameter", "replSetGetStatus")
"""What the doctor asks of the set. MongoDB's own role for it, `clusterMonitor`, reads the log of all operations as well."""
_ADMIN: Final = "admin"
_MENDING: Final = "mending"


def provision_rights(mongo: MongoClient[Document], secrets: Credentials, prefix: str = "") -> None:
    """Make the users that are missing, with the passwords of the data folder, and give all of them the roles that they lack."""
    define_mending(mongo, prefix)
    known = roles_found(mongo)
    for user in RIGHTS:
        if user not in known:
            make_user(mongo, secrets, user, prefix)
        else:
            grant(mongo, user, [role for role in roles_of(user, prefix) if role not in known[user]])


def roles_of(user: str, prefix: str = "") -> list[Role]:
    """The roles that a user's work takes."""
    roles = [(role, prefix + database) for database, role in RIGHTS[user].items()]
    return [*roles, (prefix + _MENDING, _ADMIN)] if user == COMMAND_LINE else roles


def roles_found(mongo: MongoClient[Document]) -> dict[str, list[Role]]:
    """The roles of every user that there is."""
    users: list[Document] = mongo.admin.command("usersInfo", 1)["users"]
    return {user["user"]: [(role["role"], role["db"]) for role in user["roles"]] for user in users}


def surplus(user: str, found: Sequence[Role], prefix: str = "") -> list[Role]:
    """The roles of a user that its work does not take.

    Those of another prefix's databases are another deployment's, and so are no surplus of this one.
    """
    databases = {prefix + database for rights in RIGHTS.values() for database in rights}
    ours = [(role, of) for role, of in found if of in databases or (of == _ADMIN and not _mends(user, role))]
    return [role for role in ours if role not in roles_of(user, prefix)]


def _mends(user: str, role: str) -> bool:
    return user == COMMAND_LINE and role.endswith(_MENDING)


def make_user(mongo: MongoClient[Document], secrets: Credentials, user: str, prefix: str = "") -> None:
    """Make a user with its password of the data folder and the roles that its work takes."""
    mongo.admin.command("createUser", user, pwd=secrets.of("mongo", user), roles=_written(roles_of(user, prefix)))


def grant(mongo: MongoClient[Document], user: str, roles: Sequence[Role]) -> None:
    """Give a user these roles beside its others."""
    if roles:
        mongo.admin.command("grantRolesToUser", user, roles=_written(roles))


def take_roles(mongo: MongoClient[Document], user: str, roles: Sequence[Role]) -> None:
    """Take these roles from a user."""
    mongo.admin.command("revokeRolesFromUser", user, roles=_written(roles))


def define_mending(mongo: MongoClient[Document], prefix: str = "") -> None:
    """Say what mending is: to look at the set, to change a few collections in these ways, and to remove nothing."""
    name = prefix + _MENDING
    known = mongo.admin.command("rolesInfo", name)["roles"]
    mongo.admin.command("updateRole" if known else "createRole", name, privileges=list(_mending(prefix)), roles=[])


def mending_is_defined(mongo: MongoClient[Document], prefix: str = "") -> bool:
    """Whether the role says so, and no more."""
    known = mongo.admin.command("rolesInfo", prefix + _MENDING, showPrivileges=True)["roles"]
    return bool(known) and not known[0]["roles"] and _comparable(known[0]["privileges"]) == _comparable(_mending(prefix))


def _mending(prefix: str) -> Iterator[Document]:
    yield {"resource": {"cluster": True}, "actions": list(_WATCHED)}
    for service, collections in _MENDED.items():
        for collection, actions in collections.items():
            yield {"resource": {"db": prefix + service, "collection": collection}, "actions": list(actions)}


def _comparable(privileges: Iterator[Document] | Sequence[Document]) -> set[tuple[str, str, frozenset[str]]]:
    return {(each["resource"].get("db", "*"), each["resource"].get("collection", "*"), frozenset(each["actions"])) for each in privileges}


def _written(roles: Sequence[Role]) -> list[Document]:
    return [{"role": role, "db": database} for role, database in roles]
