"""Engines that speak TLS speak nothing else, to nobody who does not know whom to trust; and Kafka's own tools need one file for it."""

import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.client import AIOKafkaClient
from confluent_kafka import KafkaException
from cryptography import x509
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from chassis.kafka import connection
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.topics import topic
from roundtable.addresses import Addresses
from roundtable.administrator import administrator
from roundtable.certificates import Authority
from roundtable.credentials import Credentials, replace_private
from roundtable.doctor.probes import certificates_of
from roundtable.home import Home
from roundtable.native import Engines, start_engines
from roundtable.native.engines import silent
from roundtable.native.kafka.jars import kafka_jars, require
from roundtable.native.services import _settings
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import add_force, kafka_admin, provision_consumer
from roundtable.provisioning.consumers import client_properties
from roundtable.rotation import forget_authority, rotate_authority, rotate_passwords
from tests.journeys.reaching import wait_until

SECONDS = 3
IN_CLEAR = {"security.protocol": "SASL_PLAINTEXT"}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    with start_engines(tmp_path_factory.mktemp("tls"), tls=True) as started:
        add_force(started.provisioning, "kent")
        yield started


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """An authority that has signed nothing of this stack."""
    home = Home(tmp_path / "stranger").prepare()
    Authority(home)
    return home.engines_ca


def is_served_by_kafka(client: Mapping[str, str]) -> bool:
    try:
        kafka_admin(client).list_topics(timeout=SECONDS)
    except KafkaException:
        return False
    return True


def is_served_by_mongo(url: str) -> bool:
    with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=SECONDS * 1000) as client:
        try:
            client.admin.command("ping")
        except ServerSelectionTimeoutError:
            return False
    return True


def test_only_those_are_served_who_speak_tls_and_trust_the_authority(secured: Engines, stranger: Path) -> None:
    ours = secured.kafka_client("readmodel")
    assert [is_served_by_kafka(each) for each in (ours, ours | IN_CLEAR, ours | {"ssl.ca.location": str(stranger)})] == [True, False, False]

    url, plain, strange = (replace(secured.mongo, ca=ca).url("readmodel", password(secured)) for ca in (secured.ca, None, stranger))
    assert [is_served_by_mongo(each) for each in (url, plain, strange)] == [True, False, False]


def test_nobody_but_a_node_signs_in_by_plain(secured: Engines) -> None:
    plain = secured.kafka_client("admin") | {"sasl.mechanism": "PLAIN"}
    node = plain | {"sasl.username": "controller"}
    right = Credentials(secured.home.secrets).of("kafka", "controller")
    assert [is_served_by_kafka(each) for each in (plain, node, node | {"sasl.password": right})] == [False, False, True]


def password(engines: Engines) -> str:
    return (engines.home.secrets / "readmodel" / "roundtable_mongo_password").read_text()


@pytest.mark.parametrize("engine", ["kafka", "mongo"])
def test_an_older_tls_is_refused(secured: Engines, engine: str) -> None:
    port = {"kafka": secured.kafka.port, "mongo": secured.mongo.port}[engine]
    assert handshake(secured, port, ssl.TLSVersion.TLSv1_2)
    assert not handshake(secured, port, ssl.TLSVersion.TLSv1_1)


def handshake(engines: Engines, port: int, version: ssl.TLSVersion) -> bool:
    """Whether an engine speaks to someone who speaks no newer TLS than this."""
    context = ssl.create_default_context(cafile=engines.ca)
    with warnings.catch_warnings():
        # The library warns of what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
    # The library itself would not speak the older ones at its usual level.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", port), SECONDS) as plain:
        try:
            context.wrap_socket(plain, server_hostname="127.0.0.1").close()
        except (ssl.SSLError, OSError):
            return False
    return True


async def test_a_service_finds_both_engines_by_its_settings(secured: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _settings(secured, "readmodel", 0).items():
        monkeypatch.setenv(name, value)
    folder = secured.home.secrets / "readmodel"
    settings = Settings(_secrets_dir=folder)
    client = AIOKafkaClient(**connection(settings))
    await client.bootstrap()
    await client.close()
    mongo = Mongo(settings.mongo_url.get_secret_value(), password=lambda: settings.password_now("mongo"), ca=settings.engines_ca)
    await mongo.ping()
    await mongo.close()


def desk_of(engines: Engines) -> OperatorDesk:
    """The command line's desk, as long as the test lasts."""
    addresses = Addresses(engines.bootstrap_servers, engines.mongo.address, {}, ca=str(engines.ca))
    return OperatorDesk(engines.home, addresses, engines.provisioning)


def certificates_shown(engines: Engines) -> dict[int, str]:
    ports = (engines.kafka.port, engines.mongo.port)
    return {port: ssl.get_server_certificate(("127.0.0.1", port), ca_certs=str(engines.ca)) for port in ports}


def test_both_engines_show_new_certificates_of_a_new_authority_while_they_run(secured: Engines) -> None:
    before, url = certificates_shown(secured), secured.mongo_url("readmodel")
    rotate_authority(desk_of(secured), silent)
    after = certificates_shown(secured)
    assert not set(before.values()) & set(after.values())

    forget_authority(desk_of(secured), silent)
    assert len(x509.load_pem_x509_certificates(secured.home.engines_ca.read_bytes())) == 1
    assert certificates_shown(secured) == after
    assert (is_served_by_kafka(secured.kafka_client("readmodel")), is_served_by_mongo(url)) == (True, True)


def test_the_doctor_tells_of_what_engines_show_and_not_only_of_files(secured: Engines) -> None:
    at = desk_of(secured).addresses
    # A file holds what authorities said of each other, too, which lasts longer.
    every = sorted(certificates_of(secured.home, at, ()), key=lambda each: each.expires, reverse=True)
    shown = {each.where: each.expires for each in every}
    for name, engine in {"kafka": secured.bootstrap_servers, "mongo": secured.mongo.address}.items():
        assert shown[engine] == shown[str(secured.home.secrets / name / "tls.pem")]


def test_a_password_that_was_exchanged_ends_the_one_before(secured: Engines) -> None:
    kafka, mongo = secured.kafka_client("readmodel"), secured.mongo_url("readmodel")
    rotate_passwords(desk_of(secured), silent)
    # A broker hears of it a moment after the controller that answered.
    wait_until(lambda: not is_served_by_kafka(kafka))
    assert is_served_by_kafka(secured.kafka_client("readmodel"))
    assert is_served_by_mongo(secured.mongo_url("readmodel"))
    with pytest.raises(OperationFailure), MongoClient[dict[str, object]](mongo) as client:
        client.admin.command("ping")


@pytest.mark.parametrize("engine", ["kafka", "mongo"])
def test_a_rotation_that_was_broken_off_is_gone_on_with(secured: Engines, engine: str) -> None:
    """An administrator has its old password still, and the new one stands in the file already."""
    broken_off(secured, engine, "admin")
    rotate_passwords(desk_of(secured), silent)
    assert not Credentials(secured.home.secrets).unfinished(engine)
    with administrator(desk_of(secured)) as client:
        assert client.admin.command("ping")["ok"]
    assert is_served_by_kafka(secured.kafka_client("admin"))


def broken_off(engines: Engines, engine: str, user: str) -> None:
    secrets = Credentials(engines.home.secrets)
    replace_private(secrets.before(engine, user), secrets.of(engine, user))
    replace_private(secrets.file(engine, user), "never-given-to-anyone")


def test_a_start_finishes_an_exchange_that_was_broken_off(tmp_path: Path) -> None:
    with start_engines(tmp_path) as engines:
        for engine in ("kafka", "mongo"):
            broken_off(engines, engine, "admin")
            broken_off(engines, engine, "readmodel")
    with start_engines(tmp_path) as engines:
        assert is_served_by_kafka(engines.kafka_client("readmodel"))
        assert is_served_by_mongo(engines.mongo_url("readmodel"))
        assert engines.kafka_password("readmodel") == "never-given-to-anyone" != engines.kafka_password("admin")
        assert not any(map(Credentials(engines.home.secrets).unfinished, ("kafka", "mongo")))


def test_a_consumers_file_is_all_that_a_java_client_needs_to_be_let_in(secured: Engines, tmp_path: Path) -> None:
    secret = provision_consumer(secured.provisioning, "kent-bi", "kent")
    file = tmp_path / "client.properties"
    file.write_text(client_properties(secured.bootstrap_servers, "kent-bi", secret, "SASL_SSL", secured.ca))
    asked = ("--bootstrap-server", secured.bootstrap_servers, "--describe", "--topic", topic("kent"), "--command-config", str(file))
    argv = (require("java"), "-cp", f"{kafka_jars(silent)}/*", "kafka.admin.ConfigCommand", *asked)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own command
    # It is let in, and may not ask this of its own topic.
    assert "TopicAuthorizationException" in done.stderr, done.stderr
