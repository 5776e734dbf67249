"""Consumers' identities on the real engines: each reads one force in its own groups, and nothing else."""

import secrets
from contextlib import closing, nullcontext

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException
from typer.testing import CliRunner

from roundtable.addresses import Addresses
from roundtable.commands.provision import app
from roundtable.errors import OperatorError
from roundtable.native import Engines
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning
from roundtable.provisioning.consumers import client_properties, provision_consumer
from tests.conftest import Place
from tests.unit.provisioned import desk_at, produced

desk = pytest.fixture(desk_at)


@pytest.fixture
def name() -> str:
    return f"partner-{secrets.token_hex(4)}"


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
