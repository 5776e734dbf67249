"""Services' identities on the real engines: who may read and write what, and nothing else."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from confluent_kafka import KafkaError
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from roundtable.provisioning.grants import RESTORATION, revocation
from tests.conftest import Place
from tests.unit.provisioned import produced

UNAUTHORISED = 13


def test_writers_write_and_readers_do_not(place: Place) -> None:
    refusals = {user: produced(place.engines, user, place.force) for user in ("meetings", "concerns", "readmodel", "notifications")}

    assert {user for user, refusal in refusals.items() if refusal is None} == {"meetings", "concerns"}
    assert {refusal.code() for refusal in refusals.values() if refusal} == {KafkaError.TOPIC_AUTHORIZATION_FAILED}


def test_a_restored_grant_has_the_roles_that_it_had(place: Place) -> None:
    with place.engines.mongo.client() as client:
        grants = client[f"{place.prefix}registry"]["grants"]
        # The driver gives times of UTC without a zone, and what it gives is compared with this.
        first = {"subject": "ada", "force": place.force, "granted_at": datetime(2025, 5, 6)}  # noqa: DTZ001 - as said above
        grants.insert_one({"_id": "ada", **first, "roles": ["subscriber", "reader"], "revoked_at": None})
        for _ in range(2):
            for subject in ("ada", "bob"):
                grants.update_one({"_id": subject}, revocation(subject, place.force, datetime.now(UTC)), upsert=True)
        revoked = {each["_id"]: (each["roles"], each["revoked_at"] is not None) for each in grants.find()}
        for subject in ("ada", "bob"):
            grants.update_one({"_id": subject}, RESTORATION)

        # No roles stand for all of them while they are revoked.
        assert revoked == {"ada": ([], True), "bob": ([], True)}
        assert grants.find_one({"_id": "ada"}) == {"_id": "ada", **first, "roles": ["subscriber", "reader"], "revoked_at": None}
        assert (grants.find_one({"_id": "bob"}) or {})["roles"] == []


@pytest.fixture
def clients(place: Place) -> Iterator[dict[str, MongoClient[dict[str, object]]]]:
    users = ("meetings", "concerns", "notifications", "readmodel", "cli")
    opened = {user: MongoClient[dict[str, object]](place.engines.mongo_url(user)) for user in users}
    yield opened
    for client in opened.values():
        client.close()


def test_each_service_has_the_rights_of_its_work_and_no_more(place: Place, clients: dict[str, MongoClient[dict[str, object]]]) -> None:
    databases = ("meetings", "concerns", "notifications", "readmodel", "registry", "keys", "signin")

    rights = {user: {name: right(client, place.prefix + name) for name in databases} for user, client in clients.items()}

    none = dict.fromkeys(databases, "-")
    reading = dict.fromkeys(databases[:4], "r")
    assert rights == {
        "meetings": none | {"meetings": "rw", "keys": "rw", "registry": "r"},
        "concerns": none | {"concerns": "rw", "keys": "rw", "registry": "r"},
        "notifications": none | {"notifications": "rw", "registry": "rw"},
        "readmodel": none | {"readmodel": "rw", "keys": "r", "registry": "r", "signin": "rw"},
        "cli": reading | {"registry": "rw", "keys": "rw", "signin": "rw"},
    }


def right(client: MongoClient[dict[str, object]], database: str) -> str:
    trial = client[database]["trial"]
    reads = "r" if allowed(trial.find_one) else ""
    writes = "w" if allowed(lambda: trial.insert_one({})) else ""
    return reads + writes or "-"


def allowed(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OperationFailure as refusal:
        if refusal.code == UNAUTHORISED:
            return False
        raise
    return True
