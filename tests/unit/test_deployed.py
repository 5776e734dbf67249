"""A deployment's secrets and the configuration of its nodes: made once, looked at ever after, and never guessed anew."""

import os
import stat
from pathlib import Path

import pytest

from roundtable.addresses import Addresses
from roundtable.credentials import write_once
from roundtable.deployed.first_start import initialise
from roundtable.deployed.secrets import KAFKA_USERS, secrets_of
from roundtable.deployed.settings import Deployment
from roundtable.errors import OperatorError
from roundtable.home import Home

ONE = {
    "kafka": "kafka:9092",
    "kafka_outside": "127.0.0.1:29092",
    "mongo": "mongo:27017",
    "services": '{"readmodel": "http://readmodel:8000", "meetings": "http://meetings:8001"}',
    "published": '{"readmodel": "https://engagement.example"}',
}
THREE = ONE | {
    "kafka": "kafka:9092,kafka-2:9092,kafka-3:9092",
    "kafka_outside": "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3",
    "mongo": "mongo:27017,mongo-2:27017,mongo-3:27017",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A data folder as volumes make it: the folders of the engines are there, and nothing is in them."""
    home = Home(tmp_path / "home")
    for name in ("keys", "kafka", "mongo"):
        (home.root / name).mkdir(parents=True)
    return home


def told(monkeypatch: pytest.MonkeyPatch, facts: dict[str, str]) -> Deployment:
    for name, value in facts.items():
        monkeypatch.setenv(f"ROUNDTABLE_STACK_{name.upper()}", value)
    return Deployment.required()


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    return told(monkeypatch, ONE | {"kafka_tls": str(tmp_path)})


def everything(home: Home) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(home.root.rglob("*")) if file.is_file()}


def test_the_first_start_makes_every_secret_and_the_second_changes_nothing(home: Home, deployment: Deployment) -> None:
    assert initialise(home, deployment)
    made = everything(home)

    assert not initialise(home, deployment)

    assert everything(home) == made
    assert all(secret.fault() is None for secret in secrets_of(home))
    assert {stat.S_IMODE(secret.file.stat().st_mode) for secret in secrets_of(home)} == {0o600}
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o700
    assert not (home.root / ".draft").exists()


def test_a_secret_that_a_newer_release_brings_is_made_and_nothing_else(
    home: Home, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    initialise(home, deployment)
    before = everything(home)
    monkeypatch.setattr("roundtable.deployed.secrets.KAFKA_USERS", (*KAFKA_USERS, "newcomer"))

    (made,) = initialise(home, deployment)

    assert made == home.secrets / "newcomer" / "roundtable_kafka_password"
    listed = str(home.secrets / "made")
    after = everything(home)
    assert {file for file in after if after[file] != before.get(file)} == {str(made), listed}
    made.unlink()
    with pytest.raises(OperatorError, match="newcomer/roundtable_kafka_password is missing: put it back from your backup"):
        initialise(home, deployment)


def test_an_interrupted_start_of_a_newer_release_keeps_what_it_made(
    home: Home, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    initialise(home, deployment)
    monkeypatch.setattr("roundtable.deployed.secrets.KAFKA_USERS", (*KAFKA_USERS, "newcomer"))
    unlisted = home.secrets / "newcomer" / "roundtable_kafka_password"
    write_once(unlisted, "made-by-a-start-that-was-killed")

    initialise(home, deployment)

    assert unlisted.read_text() == "made-by-a-start-that-was-killed"


def test_without_the_list_of_what_was_made_nothing_is_made(home: Home, deployment: Deployment) -> None:
    initialise(home, deployment)
    (home.secrets / "made").unlink()

    with pytest.raises(OperatorError, match="secrets/made is missing: put it back from your backup"):
        initialise(home, deployment)


def test_a_first_start_that_was_interrupted_begins_again(home: Home, deployment: Deployment) -> None:
    half = home.root / ".draft" / "secrets" / "admin"
    half.mkdir(parents=True)
    (half / "roundtable_kafka_password").write_text("half of a set")

    assert initialise(home, deployment)

    assert "half of a set" not in {content.decode() for content in everything(home).values()}


def test_every_fault_is_named_at_once_and_nothing_is_made_in_its_place(home: Home, deployment: Deployment) -> None:
    initialise(home, deployment)
    missing, empty, open_to_all = (next(s.file for s in secrets_of(home) if s.file.match(name)) for name in FAULTY)
    missing.unlink()
    empty.write_text("")
    open_to_all.chmod(0o640)

    with pytest.raises(OperatorError) as refusal:
        initialise(home, deployment)

    assert sorted(str(refusal.value).splitlines()) == sorted(
        [
            f"{missing} is missing: put it back from your backup",
            f"{empty} does not hold a password: put it back from your backup",
            f"{open_to_all} can be read by others: chmod 600 it",
        ]
    )
    assert not missing.exists()


FAULTY = ("meetings/roundtable_kafka_password", "cli/roundtable_mongo_password", "mongo/keyfile")


@pytest.mark.parametrize("engine", ["kafka", "mongo", "keys"])
def test_data_without_its_secrets_is_not_given_new_ones(home: Home, deployment: Deployment, engine: str) -> None:
    (home.root / engine / "lost+found").mkdir()
    (home.root / engine / "something").touch()

    with pytest.raises(OperatorError, match=f"secrets is missing, but there is data in {engine}"):
        initialise(home, deployment)


@pytest.mark.parametrize(("name", "value"), [("kafka_outside", "kafka.example:29092"), ("kafka_bind", "0.0.0.0")])  # noqa: S104 - to be refused
def test_kafka_reaches_beyond_the_machine_by_tls_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    beyond = told(monkeypatch, ONE | {"kafka_tls": str(tmp_path), name: value})
    with pytest.raises(OperatorError, match="other machines reach Kafka by TLS alone"):
        initialise(home, beyond)

    (tmp_path / "kafka.pem").write_text("a certificate, and no key")
    with pytest.raises(OperatorError, match="must hold a private key and its certificates"):
        initialise(home, beyond)

    (tmp_path / "kafka.pem").write_text("-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n")
    initialise(home, beyond)
    properties = (home.secrets / "kafka" / "server.properties").read_text()
    assert "OUTSIDE:SASL_SSL" in properties
    assert f"listener.name.outside.ssl.keystore.location={tmp_path}/kafka.pem" in properties
    assert Addresses.of(home).for_clients.security_protocol == "SASL_SSL"


def test_certificates_that_we_may_not_look_at_are_said_with_what_opens_them(
    home: Home, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_: Path) -> bool:
        raise PermissionError

    # The one who runs the tests may look everywhere.
    monkeypatch.setattr("pathlib.Path.exists", closed)

    with pytest.raises(OperatorError, match="cannot be read by user 10001: `chmod -R go\\+rX deploy`"):
        initialise(home, deployment)


def test_three_nodes_keep_three_copies_and_vote(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    initialise(home, told(monkeypatch, THREE | {"kafka_tls": str(tmp_path)}))

    second = (home.secrets / "kafka-2" / "server.properties").read_text().splitlines()
    assert "node.id=2" in second
    assert "controller.quorum.voters=1@kafka:9093,2@kafka-2:9093,3@kafka-3:9093" in second
    assert "advertised.listeners=CLIENTS://kafka-2:9092,OUTSIDE://127.0.0.1:2" in second
    assert {"offsets.topic.replication.factor=3", "min.insync.replicas=2"} <= set(second)
    assert not any(line.startswith("log.flush.interval") for line in second)
    ids = {(home.secrets / node / "format.arguments").read_text() for node in ("kafka", "kafka-2", "kafka-3")}
    assert len(ids) == 1


def test_another_port_is_advertised_at_the_next_start(home: Home, monkeypatch: pytest.MonkeyPatch, deployment: Deployment) -> None:
    initialise(home, deployment)

    initialise(home, told(monkeypatch, {"kafka_outside": "127.0.0.1:31000"}))

    assert "OUTSIDE://127.0.0.1:31000" in (home.secrets / "kafka" / "server.properties").read_text()


def test_commands_find_the_stack_by_the_environment_and_give_away_what_is_published(home: Home, deployment: Deployment) -> None:
    del deployment
    at = Addresses.of(home)

    assert (at.bootstrap_servers, at.mongo, at.services["readmodel"]) == ("kafka:9092", "mongo:27017", "http://readmodel:8000")
    assert at.for_clients.bootstrap_servers == "127.0.0.1:29092"
    assert at.for_clients.services == {"readmodel": "https://engagement.example", "meetings": "http://meetings:8001"}


def test_half_a_description_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUNDTABLE_STACK_KAFKA", "kafka:9092")

    with pytest.raises(OperatorError, match="does not describe a stack"):
        Deployment.told()


def test_without_a_stack_to_be_told_of_a_deployments_commands_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ROUNDTABLE_STACK_")]:
        monkeypatch.delenv(name)

    with pytest.raises(OperatorError, match="docker compose up"):
        Deployment.required()
