"""Each service's MongoDB user tries everything in every database: it does what its work takes, and is refused the rest."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from roundtable.native import Engines
from tests.conftest import Place

UNAUTHORISED: Final = 13
Document = dict[str, Any]
Client = MongoClient[Document]
USERS: Final = ("meetings", "concerns", "notifications", "readmodel", "cli")
DATABASES: Final = ("meetings", "concerns", "notifications", "readmodel", "registry", "keys", "signin")
ACTIONS: Final[dict[str, Callable[[Collection[Document]], object]]] = {
    "find": lambda trial: trial.find_one(),
    "insert": lambda trial: trial.insert_one({}),
    "update": lambda trial: trial.update_one({}, {"$set": {"a": 1}}),
    "remove": lambda trial: trial.delete_one({}),
    "index": lambda trial: trial.create_index("a"),
    "drop": lambda trial: trial.drop(),
    "drop database": lambda trial: trial.database.client.drop_database(trial.database.name),
}
READ, WRITE = {"find"}, {"find", "insert", "update", "remove", "index", "drop"}
MAY: Final[dict[str, dict[str, set[str]]]] = {
    "meetings": {"meetings": WRITE, "keys": WRITE, "registry": READ},
    "concerns": {"concerns": WRITE, "keys": WRITE, "registry": READ},
    "notifications": {"notifications": WRITE, "registry": WRITE},
    "readmodel": {"readmodel": WRITE, "keys": READ, "registry": READ, "signin": WRITE},
    "cli": {**dict.fromkeys(DATABASES[:4], READ), **dict.fromkeys(DATABASES[4:], WRITE)},
}
MENDING: Final = {
    "outbox": {service: {"find", "insert", "update"} for service in ("meetings", "concerns")},
    "parked": {service: {"find", "update"} for service in ("readmodel", "notifications")},
    "positions": {service: {"find", "update"} for service in ("readmodel", "notifications")},
}
"""What the command line changes in databases of services."""


@pytest.fixture
def clients(place: Place) -> Iterator[dict[str, Client]]:
    with ExitStack() as opened:
        yield {user: opened.enter_context(Client(place.engines.mongo_url(user))) for user in USERS}


def refused(attempt: Callable[[], object]) -> bool:
    """Whether it is refused for want of a right; any other failure comes later than that, and is none of rights."""
    try:
        attempt()
    except OperationFailure as failure:
        return failure.code == UNAUTHORISED
    return False


def allowed(client: Client, database: str, collection: str) -> set[str]:
    trial = client[database][collection]
    return {name for name, action in ACTIONS.items() if not refused(lambda action=action: action(trial))}  # type: ignore[misc]


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("user", USERS)
def test_a_user_does_in_a_database_what_its_work_takes_and_no_more(
    user: str, database: str, place: Place, clients: dict[str, Client]
) -> None:
    assert allowed(clients[user], place.prefix + database, "trial") == MAY[user].get(database, set())


@pytest.mark.parametrize("collection", MENDING)
@pytest.mark.parametrize("service", DATABASES[:4])
def test_the_command_line_mends_what_it_says_and_removes_nothing(
    service: str, collection: str, place: Place, clients: dict[str, Client]
) -> None:
    assert allowed(clients["cli"], place.prefix + service, collection) == MENDING[collection].get(service, READ)


@pytest.mark.parametrize("user", USERS[:4])
def test_a_service_sees_no_database_but_those_of_its_work(user: str, place: Place, clients: dict[str, Client]) -> None:
    for database in DATABASES:
        place.engines.provisioning.mongo[place.prefix + database]["trial"].insert_one({})

    seen = {name.removeprefix(place.prefix) for name in clients[user].list_database_names() if name.startswith(place.prefix)}

    assert seen == set(MAY[user])


Attempt = Callable[[Client, str, str], object]
"""By a client, who is a user, where databases have a prefix."""
ATTEMPTS: Final[dict[str, Attempt]] = {
    "makes a user": lambda client, _, __: client.admin.command("createUser", "intruder", pwd="a long password", roles=["root"]),
    "makes a user beside its own data": lambda client, user, prefix: client[prefix + user].command(
        "createUser", "intruder", pwd="a long password", roles=[]
    ),
    "gives itself a role": lambda client, user, _: client.admin.command("grantRolesToUser", user, roles=["readWriteAnyDatabase"]),
    "makes a role": lambda client, _, __: client.admin.command("createRole", "intruding", privileges=[], roles=["root"]),
    "changes its password": lambda client, user, _: client.admin.command("updateUser", user, pwd="a long password"),
    "changes another's password": lambda client, _, __: client.admin.command("updateUser", "admin", pwd="a long password"),
    "drops a user": lambda client, _, __: client.admin.command("dropUser", "readmodel"),
    "lists the users": lambda client, _, __: client.admin.command("usersInfo", 1),
    "reads what passwords are verified by": lambda client, _, __: client.admin["system.users"].find_one(),
    "reads the log of all operations": lambda client, _, __: client["local"]["oplog.rs"].find_one(),
    "applies operations": lambda client, _, prefix: client.admin.command(
        "applyOps", [{"op": "i", "ns": f"{prefix}keys.trial", "o": {"_id": 1}}]
    ),
    "moves a collection to another's database": lambda client, user, prefix: client.admin.command(
        "renameCollection", f"{prefix}{user}.trial", to=f"{prefix}{_other(user)}.trial"
    ),
    "writes into another's database by a pipeline": lambda client, user, prefix: list(
        client[prefix + user]["trial"].aggregate([{"$out": {"db": prefix + _other(user), "coll": "trial"}}])
    ),
    "merges into another's database by a pipeline": lambda client, user, prefix: list(
        client[prefix + user]["trial"].aggregate([{"$merge": {"into": {"db": prefix + _other(user), "coll": "trial"}}}])
    ),
    "listens to all databases": lambda client, _, __: client.watch().close(),
    "changes the members of the set": lambda client, _, __: client.admin.command("replSetReconfig", {"_id": "rs0", "version": 99}),
    "changes a parameter": lambda client, _, __: client.admin.command("setParameter", 1, quiet=True),
    "shuts MongoDB down": lambda client, _, __: client.admin.command("shutdown"),
}


def _other(user: str) -> str:
    """A database that a user may not write to."""
    return "concerns" if user == "meetings" else "meetings"


@pytest.mark.parametrize(("user", "attempt"), [(user, attempt) for user in USERS for attempt in ATTEMPTS])
def test_a_user_is_refused_who(user: str, attempt: str, place: Place, clients: dict[str, Client]) -> None:
    assert refused(lambda: ATTEMPTS[attempt](clients[user], user, place.prefix))


# What would harm the engines of other tests is left to the refusals above.
@pytest.mark.parametrize("attempt", ["makes a user", "gives itself a role", "lists the users", "reads the log of all operations"])
def test_it_is_the_user_that_is_refused_for_the_administrator(attempt: str, engines: Engines, place: Place) -> None:
    with engines.mongo.client() as administrator:
        assert not refused(lambda: ATTEMPTS[attempt](administrator, "meetings", place.prefix))
        administrator.admin.command("revokeRolesFromUser", "meetings", roles=["readWriteAnyDatabase"])
        if attempt == "makes a user":
            administrator.admin.command("dropUser", "intruder")


def test_nobody_reads_without_a_password(place: Place) -> None:
    with Client(f"mongodb://{place.engines.mongo.address}/") as unsigned:
        assert refused(unsigned[f"{place.prefix}meetings"]["trial"].find_one)
        assert refused(lambda: unsigned.admin.command("createUser", "intruder", pwd="a long password", roles=["root"]))
