"""The doctor on real engines, some of whose parts are broken on purpose; it asks with the command line's own identities."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pymongo import MongoClient

from roundtable.addresses import Addresses
from roundtable.doctor import Finding, examine
from roundtable.home import Home
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning, kafka_admin
from roundtable.provisioning.desk import Document
from tests.conftest import Place

NOBODY = "127.0.0.1:1"


@pytest.fixture
def desk(place: Place, tmp_path: Path) -> Iterator[OperatorDesk]:
    """The desk of a stack without services, on a data folder of its own; keys are the engines'."""
    engines = place.engines
    home = Home(tmp_path).prepare()
    at = Addresses(engines.bootstrap_servers, engines.mongo.address, {})
    with MongoClient[Document](engines.mongo_url("cli"), serverSelectionTimeoutMS=3_000) as mongo:
        kafka = kafka_admin(engines.kafka_client("admin"))
        yield OperatorDesk(home, at, Provisioning(kafka, mongo, engines.home.keys, place.prefix))


def found(findings: dict[str, Finding], check: str) -> tuple[str, str]:
    return findings[check].state, findings[check].found


def break_nearly_everything(place: Place, secrets: Path) -> None:
    """As the administrator: a force without topic and key, a wrong number, an event that waits, one that is parked, an open secret."""
    admin = dataclasses.replace(place.engines.provisioning, database_prefix=place.prefix)
    admin.database("registry")["forces"].insert_one({"_id": "nowhere", "name": "Nowhere", "topic": "engagement.nowhere", "partitions": 3})
    admin.database("registry")["forces"].update_one({"_id": place.force}, {"$set": {"partitions": 7}})
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    admin.database("concerns")["outbox"].insert_one({"status": "pending", "force": place.force, "time": an_hour_ago})
    admin.database("notifications")["parked"].insert_one({"_id": "engagement.nowhere:0:0"})
    (secrets / "kafka-admin").touch(mode=0o644)
    write_certificate(secrets / "gateway.crt", datetime.now(UTC) - timedelta(days=1))


def write_certificate(file: Path, ends: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roundtable.test")])
    written = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    signed = written.not_valid_before(ends - timedelta(days=90)).not_valid_after(ends).sign(key, hashes.SHA256())
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    file.chmod(0o600)


def test_engines_that_are_well_are_found_so(desk: OperatorDesk, place: Place) -> None:
    findings = examine(desk)

    # What other tests left in the engines and how much room this machine has are nobody's fault here.
    for check in ("ports", "clocks", "versions", "replica set", "partitions", "outbox", "lag", "parked", "certificates"):
        assert findings[check].state == "ok", findings[check]
    assert f"primary {place.engines.mongo.address}" in findings["replica set"].found
    assert findings["partitions"].found == "3 partitions, each with a leader and all its copies"
    assert "Kafka's metadata at level" in findings["versions"].found
    assert findings["disk"].found


def test_what_is_broken_is_found_and_named(desk: OperatorDesk, place: Place) -> None:
    break_nearly_everything(place, desk.home.secrets)

    findings = examine(desk)

    state, forces = found(findings, "forces")
    assert state == "FAIL"
    assert "nowhere has no topic" in forces
    assert "nowhere has no key" in forces
    assert f"{place.force} has 3 partitions, not 7" in forces
    assert findings["outbox"].state == "FAIL"
    assert findings["outbox"].found.endswith("s, in concerns")
    assert found(findings, "parked") == ("warn", "1 in notifications")
    assert findings["secrets"].state == "FAIL"
    assert "kafka-admin" in findings["secrets"].found
    assert findings["certificates"].state == "FAIL"
    assert "gateway.crt has ended" in findings["certificates"].found
    assert all(finding.advice for finding in findings.values() if finding.state != "ok")


def test_a_service_that_does_not_answer_is_a_finding_and_no_failure_of_the_doctor(desk: OperatorDesk) -> None:
    at = dataclasses.replace(desk.addresses, services={"meetings": f"http://{NOBODY}"})

    findings = examine(dataclasses.replace(desk, addresses=at))

    assert found(findings, "services") == ("FAIL", "not ready: meetings (does not answer)")
    assert found(findings, "ports") == ("FAIL", f"no connection to {NOBODY} (Connection refused)")
    assert findings["clocks"].found.startswith("cannot be told: ")
    assert findings["replica set"].state == "ok"


def test_without_mongodb_and_kafka_nothing_that_they_would_tell_is_called_well(desk: OperatorDesk) -> None:
    nowhere = kafka_admin({"bootstrap.servers": NOBODY, "socket.timeout.ms": "1000"})
    with MongoClient[Document](f"mongodb://{NOBODY}/", serverSelectionTimeoutMS=200) as mongo:
        away = dataclasses.replace(desk.provisioning, kafka=nowhere, mongo=mongo)
        at = dataclasses.replace(desk.addresses, bootstrap_servers=NOBODY, mongo=NOBODY)

        findings = examine(OperatorDesk(desk.home, at, away))

    well = {check for check, finding in findings.items() if finding.state == "ok"}
    assert well <= {"services", "memory", "certificates", "secrets"}
