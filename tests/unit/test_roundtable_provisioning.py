"""Identities on the real engines: who may read and write what, and nothing else."""

import dataclasses
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from typer.testing import CliRunner

from roundtable.addresses import Addresses
from roundtable.commands.provision import app
from roundtable.condition import condition_of, is_well
from roundtable.errors import OperatorError
from roundtable.native import Engines
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning, add_force, registered_forces
from roundtable.provisioning.consumers import client_properties, provision_consumer
from roundtable.provisioning.grants import RESTORATION, revocation
from tests.conftest import Place

UNAUTHORISED = 13


@pytest.fixture
def desk(place: Place) -> Provisioning:
    return dataclasses.replace(place.engines.provisioning, database_prefix=place.prefix)


@pytest.fixture
def name() -> str:
    return f"partner-{secrets.token_hex(4)}"


def produced(engines: Engines, user: str, force: str) -> KafkaError | None:
    """Writes one record as this user; the broker's refusal, or None."""
    answers: list[KafkaError | None] = []
    producer = Producer({**engines.kafka_client(user), "message.timeout.ms": 10_000, "log_level": 0})
    producer.produce(f"engagement.{force}", b"{}", on_delivery=lambda error, _: answers.append(error))
    producer.flush(15)
    return answers[0]


def consumer(engines: Engines, user: str, password: str, group: str) -> Consumer:
    config = {"group.id": group, "auto.offset.reset": "earliest", "log_level": 0}
    return Consumer({**engines.kafka.client(user, password), **config})


def read(engines: Engines, user: str, password: str, force: str, group: str | None = None) -> bytes | int:
    """Reads one record as this user: its value, or the code of the refusal."""
    with closing(consumer(engines, user, password, group or user)) as reader:
        reader.subscribe([f"engagement.{force}"])
        record = reader.poll(20)
    assert record is not None, "neither a record nor a refusal"
    error = record.error()
    return record.value() or b"" if error is None else int(error.code())


def signs_in(engines: Engines, user: str, password: str) -> bool:
    with closing(consumer(engines, user, password, user)) as reader:
        try:
            reader.list_topics(timeout=2)
        except KafkaException:
            return False
    return True


def test_writers_write_and_readers_do_not(place: Place) -> None:
    refusals = {user: produced(place.engines, user, place.force) for user in ("meetings", "concerns", "readmodel", "notifications")}

    assert {user for user, refusal in refusals.items() if refusal is None} == {"meetings", "concerns"}
    assert {refusal.code() for refusal in refusals.values() if refusal} == {KafkaError.TOPIC_AUTHORIZATION_FAILED}


def test_nobody_writes_to_a_force_that_is_not_registered(place: Place) -> None:
    refusal = produced(place.engines, "meetings", f"unknown-{secrets.token_hex(3)}")

    assert refusal is not None
    assert refusal.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_consumer_reads_its_force_in_its_groups_and_nothing_else(place: Place, desk: Provisioning, name: str) -> None:
    other = place.add_force()
    password = provision_consumer(desk, name, place.force)
    assert produced(place.engines, "meetings", place.force) is None

    assert read(place.engines, name, password, place.force) == b"{}"
    assert read(place.engines, name, password, place.force, group=f"{name}.second") == b"{}"
    assert read(place.engines, name, password, place.force, group="elsewhere") == KafkaError.GROUP_AUTHORIZATION_FAILED
    assert read(place.engines, name, password, other) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_provisioning_again_gives_a_new_password_and_ends_the_old_one(place: Place, desk: Provisioning, name: str) -> None:
    old = provision_consumer(desk, name, place.force)
    new = provision_consumer(desk, name, place.force)

    assert old != new
    assert signs_in(place.engines, name, new)
    assert not signs_in(place.engines, name, old)


def test_a_consumer_that_is_given_another_force_loses_the_first(place: Place, desk: Provisioning, name: str) -> None:
    other = place.add_force()
    provision_consumer(desk, name, place.force)
    password = provision_consumer(desk, name, other)
    assert produced(place.engines, "meetings", other) is None

    assert read(place.engines, name, password, other) == b"{}"
    assert read(place.engines, name, password, place.force) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_identity_that_is_given_another_force_is_said_to_lose_the_first(
    place: Place, desk: Provisioning, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, engines = place.add_force(), place.engines
    opened = OperatorDesk(engines.home, Addresses(engines.bootstrap_servers, engines.mongo.address, {}), desk)
    monkeypatch.setattr("roundtable.commands.provision.operator_desk", lambda _: nullcontext(opened))
    program = CliRunner()

    first, again, moved = (program.invoke(app, ["consumer", name, "--force", force]) for force in (place.force, place.force, other))

    assert (first.stderr, again.stderr) == ("", "")
    assert moved.stderr == f"roundtable: {name} may no longer read {place.force}: an identity reads one force\n"
    assert moved.stdout.startswith("bootstrap.servers=")
    assert "no longer" not in moved.stdout


def test_a_restored_grant_has_the_roles_that_it_had(place: Place) -> None:
    with place.engines.mongo.client() as client:
        grants = client[f"{place.prefix}registry"]["grants"]
        first = {"subject": "ada", "force": place.force, "granted_at": datetime(2025, 5, 6)}  # noqa: DTZ001 - as MongoDB answers it
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


@pytest.mark.parametrize("wrong", ["meetings", "admin", "controller", "cli", "A", "a", "two words", 'a"b', "a.b", "-a", "a" * 64, ""])
def test_a_name_that_is_taken_or_unsafe_is_refused(desk: Provisioning, place: Place, wrong: str) -> None:
    with pytest.raises(OperatorError):
        provision_consumer(desk, wrong, place.force)


def test_a_consumer_of_a_force_that_is_not_registered_is_refused(desk: Provisioning, name: str) -> None:
    with pytest.raises(OperatorError, match="kent is not a registered force"):
        provision_consumer(desk, name, "kent")


def test_the_printed_properties_are_those_of_kafkas_own_tools() -> None:
    lines = client_properties("127.0.0.1:9092", "partner", "word").splitlines()

    assert dict(line.split("=", 1) for line in lines) == {
        "bootstrap.servers": "127.0.0.1:9092",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": 'org.apache.kafka.common.security.scram.ScramLoginModule required username="partner" password="word";',
        "group.id": "partner",
    }


def test_a_force_that_is_added_again_keeps_its_key_and_its_line(place: Place, desk: Provisioning) -> None:
    key = desk.keys_dir / place.force / "1.key"
    before = key.read_text(), registered_forces(desk)

    add_force(desk, place.force)

    assert (key.read_text(), registered_forces(desk)) == before
    assert len(key.read_text()) == 43
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("slug", ["", "Kent", "west yorkshire", "../kent", "-kent", "kent-", "a--b", "kent\n"])
def test_what_is_no_slug_registers_nothing(desk: Provisioning, slug: str) -> None:
    before = registered_forces(desk)

    with pytest.raises(OperatorError, match="is not a force's slug"):
        add_force(desk, slug)

    assert registered_forces(desk) == before


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


def test_the_condition_tells_how_far_the_read_model_is_behind_and_what_is_not_published(place: Place, desk: Provisioning) -> None:
    for _ in range(3):
        assert produced(place.engines, "meetings", place.force) is None
    mongo, topic = place.engines.mongo.client(), f"engagement.{place.force}"
    with mongo:
        mongo[f"{place.prefix}concerns"]["outbox"].insert_one({"status": "pending", "force": place.force})
        mongo[f"{place.prefix}meetings"]["outbox"].insert_many([{"status": "published", "force": place.force}])
        end = desk.kafka.list_topics(topic, timeout=5).topics[topic].partitions
        assert len(end) == 3
        mongo[f"{place.prefix}readmodel"]["positions"].insert_one(
            {"_id": f"{topic}:0", "force": place.force, "topic": topic, "partition": 0, "offset": 0}
        )
    engines = place.engines
    condition = condition_of(OperatorDesk(engines.home, Addresses(engines.bootstrap_servers, engines.mongo.address, {}), desk))

    assert condition["forces"] == {place.force: {"lag": 3, "outbox_pending": 1}}
    assert condition["kafka"] == {"bootstrap_servers": engines.bootstrap_servers, "ready": True, "why": None}
    assert is_well(condition)


def test_a_service_that_does_not_answer_makes_the_condition_bad(place: Place, desk: Provisioning) -> None:
    engines = place.engines
    addresses = Addresses(engines.bootstrap_servers, engines.mongo.address, {"meetings": "http://127.0.0.1:9"})

    condition = condition_of(OperatorDesk(engines.home, addresses, desk))

    assert condition["services"] == {"meetings": {"url": "http://127.0.0.1:9", "ready": False, "checks": {}}}
    assert not is_well(condition)


def test_a_force_can_be_written_to_as_soon_as_it_is_added(place: Place) -> None:
    assert [produced(place.engines, "concerns", place.add_force()) for _ in range(6)] == [None] * 6
