"""The product as operators run it, by docker compose: the same journeys, and that nothing but its volumes matters."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Message

from tests.compose.composed import Composed, assert_nobody, composed, docker, service_of
from tests.journeys.conftest import created, wait_until
from tests.journeys.listening import Listener
from tests.journeys.test_demonstration import (
    FORCES,
    NAMED,
    Demonstration,
    Told,
    held,
    test_a_month_without_a_day_and_a_meeting_without_a_date_stay_as_they_are_known,
    test_a_reader_of_another_force_finds_no_trace_of_the_meeting,
    test_the_chain_holds_who_came_and_what_was_raised_promised_and_thought,
    test_the_sensitive_concern_is_redacted_or_opened_by_role,
    test_the_visit_ends_in_an_outcome_that_the_public_may_read,
)
from tests.journeys.test_kill import all_concerns
from tests.journeys.test_plain_consumer import check, consumer_of, event_name, polled

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]
__all__ = [
    "test_a_month_without_a_day_and_a_meeting_without_a_date_stay_as_they_are_known",
    "test_a_reader_of_another_force_finds_no_trace_of_the_meeting",
    "test_the_chain_holds_who_came_and_what_was_raised_promised_and_thought",
    "test_the_sensitive_concern_is_redacted_or_opened_by_role",
    "test_the_visit_ends_in_an_outcome_that_the_public_may_read",
]
PUBLISHED = ("readmodel", "meetings", "concerns", "notifications", "kafka")
FORCE = FORCES[0]


@pytest.fixture(scope="module")
def stack() -> Iterator[Composed]:
    """A deployment from nothing but the repository, with the forces of the demonstration."""
    with composed(PUBLISHED) as project:
        project.up()
        for force in FORCES:
            project.cli("forces", "add", force)
            project.await_force(force)
        yield project


@pytest.fixture(scope="module")
def demonstration(stack: Composed) -> Iterator[Demonstration]:
    """The demonstration data, loaded by the command line while a stream listens."""
    with Listener(stack, tuple(f"{force}:subscriber" for force in FORCES), FORCES) as listener:
        stack.cli("load", "--demonstration")
        wait_until(lambda: held(listener, "meeting-held") == 3 and held(listener, "action-closed") == 1)
        yield Demonstration(stack, Told(), listener)


def test_the_stream_heard_the_three_named_events(demonstration: Demonstration) -> None:
    assert {event.type for event in demonstration.listener.heard} >= NAMED


def test_a_consumer_outside_reads_its_force_with_the_properties_that_were_printed(stack: Composed, demonstration: Demonstration) -> None:
    del demonstration
    printed = stack.cli("provision", "consumer", "partner-outside", "--force", FORCE)
    assert f"bootstrap.servers=127.0.0.1:{stack.ports['kafka']}" in printed.splitlines()

    consumer = consumer_of(printed)
    consumer.subscribe([f"engagement.{FORCE}"])
    records: list[Message] = []
    wait_until(lambda: named_among(consumer, records) >= {"meeting-held", "concern-raised"}, within=30)
    consumer.subscribe([f"engagement.{FORCES[1]}"])
    refused = consumer.poll(10)
    consumer.close()

    for record in records:
        if f"engagement.{event_name(record)}.v1" in NAMED:
            check(record, FORCE)
    error = refused.error() if refused else None
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def named_among(consumer: Consumer, records: list[Message]) -> set[str]:
    """Names of the events that have come so far; more of them may come meanwhile."""
    records += polled(consumer, 1)
    return {event_name(record) for record in records}


def test_nothing_is_published_beyond_this_machine(stack: Composed) -> None:
    published = {
        (service_of(each), binding["HostIp"], int(binding["HostPort"]))
        for each in stack.containers()
        for bindings in each["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    }

    assert published == {(name, "127.0.0.1", port) for name, port in stack.ports.items()}


def test_every_container_is_nobody_and_writes_to_its_volumes_alone(stack: Composed) -> None:
    containers = stack.containers()

    assert {service_of(each) for each in containers} == {"init", "kafka", "mongo", "provision", *PUBLISHED}
    assert_nobody(containers)


def secrets_seen(container: dict[str, Any]) -> set[str]:
    """The folders of the data folder that a container was given."""
    mounts = container["HostConfig"].get("Mounts") or ()
    return {mount["VolumeOptions"].get("Subpath", "all of it") for mount in mounts if mount["Source"].endswith("_home")}


def test_each_service_sees_its_own_secrets_and_notifications_no_keys(stack: Composed) -> None:
    seen = {service_of(each): each for each in stack.containers()}

    for service in ("readmodel", "meetings", "concerns", "notifications"):
        assert secrets_seen(seen[service]) == {"public", f"secrets/{service}"}
    assert secrets_seen(seen["kafka"]) == {"secrets/kafka"}
    assert secrets_seen(seen["mongo"]) == {"secrets/mongo"}
    with_keys = {name for name, each in seen.items() if any(mount.get("Name", "").endswith("_keys") for mount in each["Mounts"])}
    assert with_keys == {"init", "provision", "readmodel", "meetings", "concerns"}


def test_no_log_holds_a_secret(stack: Composed) -> None:
    logs = stack.run("logs", "--no-log-prefix").stdout
    files = "/var/lib/roundtable/secrets/*/roundtable_*_password /var/lib/roundtable/secrets/mongo/keyfile"
    secrets = stack.within(f"for file in {files}; do cat $file; echo; done").stdout.split()

    assert "Kafka Server started" in logs
    assert "storedKey" not in logs
    assert len(secrets) == 13
    assert not [word for word in secrets if word in logs]


def test_status_is_well_and_names_the_addresses_of_this_machine(stack: Composed) -> None:
    condition = json.loads(stack.cli("status", "--json"))

    assert condition["kafka"]["bootstrap_servers"] == f"127.0.0.1:{stack.ports['kafka']}"
    assert {name: each["url"] for name, each in condition["services"].items()} == {name: stack.url(name) for name in PUBLISHED[:4]}
    assert all(each["ready"] for each in (condition["kafka"], condition["mongo"], *condition["services"].values()))
    assert set(condition["forces"]) == set(FORCES)


FAULTS = {
    "a missing password": ("mv {0} {0}.away", "mv {0}.away {0}", "secrets/meetings/roundtable_kafka_password", "is missing"),
    "a keyfile for all to read": ("chmod 644 {0}", "chmod 600 {0}", "secrets/mongo/keyfile", "can be read by others"),
    "an unreadable password": (
        "chmod 0 {0}",
        "chmod 600 {0}",
        "secrets/cli/roundtable_mongo_password",
        "cannot be read: Permission denied",
    ),
    "a key that is none": ("cp -p {0} {0}.away; echo x > {0}", "mv {0}.away {0}", "secrets/issuer.pem", "does not hold a private key"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_secret_that_is_missing_or_wrong_is_named_before_anything_starts(stack: Composed, fault: str) -> None:
    spoil, mend, file, what = FAULTS[fault]
    path = f"/var/lib/roundtable/{file}"
    stack.within(spoil.format(path))
    try:
        refused = stack.run("run", "--rm", "--no-TTY", "init")
    finally:
        stack.within(mend.format(path))

    assert refused.returncode == 1
    assert f"{path} {what}" in refused.stderr
    healthy = stack.run("run", "--rm", "--no-TTY", "init")
    assert (healthy.returncode, healthy.stdout) == (0, "")


def test_a_service_whose_password_is_refused_ends_and_names_the_file(stack: Composed) -> None:
    path = "/var/lib/roundtable/secrets/concerns/roundtable_mongo_password"
    stack.within(f"cp -p {path} {path}.away; echo of-somebody-else-entirely > {path}")
    try:
        ended = stack.run("run", "--rm", "--no-TTY", "--no-deps", "concerns")
    finally:
        stack.within(f"mv {path}.away {path}")

    assert ended.returncode == 78
    assert "ROUNDTABLE_MONGO_PASSWORD (/run/secrets/roundtable_mongo_password)" in ended.stdout
    assert "somebody-else" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("setting", ["ROUNDTABLE_KAFKA_HOST", "ROUNDTABLE_KAFKA_BIND"])
def test_kafka_is_not_offered_to_other_machines_without_tls(stack: Composed, setting: str) -> None:
    refused = stack.run("run", "--rm", "--no-TTY", "init", **{setting: "192.0.2.7"})

    assert refused.returncode == 1
    assert f"{setting}" in refused.stderr
    assert "is 192.0.2.7: other machines reach Kafka by TLS alone" in refused.stderr


def raised(stack: Composed) -> set[str]:
    """Ids of all concerns of the force, as the read model has them."""
    with stack.client("readmodel", f"{FORCE}:reader") as reader:
        return {each["id"] for each in all_concerns(reader, FORCE)}


def raise_another(stack: Composed) -> str:
    with stack.client("concerns", f"{FORCE}:recorder") as recorder:
        return str(created(recorder.post(f"/v1/forces/{FORCE}/concerns", json={"category": "drugs", "said": "after all that"}))["id"])


def restart(stack: Composed) -> None:
    assert stack.run("restart").returncode == 0
    stack.up()


def take_down_and_up(stack: Composed) -> None:
    assert stack.run("down").returncode == 0
    stack.up()


def kill_everything(stack: Composed) -> None:
    assert stack.run("kill", "--signal", "KILL").returncode == 0
    stack.up()


def change_the_image(stack: Composed) -> None:
    assert stack.run("build", "--build-arg", "REVISION=another").returncode == 0
    before = docker("inspect", "--format", "{{.Image}}", stack.container("meetings"))
    stack.up()
    assert docker("inspect", "--format", "{{.Image}}", stack.container("meetings")) != before


def break_off_an_exchange_of_passwords(stack: Composed) -> None:
    """The machine died between a file and an engine: of administrators the older password counts still, others get the newer one."""
    assert stack.run("down").returncode == 0
    files = " ".join(f"{user}/roundtable_{engine}_password" for user in ("admin", "readmodel") for engine in ("kafka", "mongo"))
    stack.within(f"cd secrets; for file in {files}; do cp $file $file.before; printf never-given-to-anyone > $file; done")
    stack.up()
    left = stack.within("find secrets -name '*.before'; cd secrets; grep -lx never-given-to-anyone */*_password").stdout
    assert sorted(left.split()) == [f"readmodel/roundtable_{engine}_password" for engine in ("kafka", "mongo")]


@pytest.mark.parametrize("happening", [restart, take_down_and_up, kill_everything, break_off_an_exchange_of_passwords, change_the_image])
def test_what_was_recorded_is_there_afterwards_and_more_can_be_recorded(
    stack: Composed, demonstration: Demonstration, happening: Any
) -> None:
    del demonstration
    before = raised(stack) | {raise_another(stack)}

    happening(stack)

    wait_until(lambda: raised(stack) == before)
    another = raise_another(stack)
    wait_until(lambda: raised(stack) == before | {another})


def test_another_start_says_nothing_and_changes_nothing(stack: Composed) -> None:
    lasting = {each["Name"]: each["Id"] for each in stack.containers() if each["State"]["Running"]}

    stack.up()

    assert {each["Name"]: each["Id"] for each in stack.containers() if each["State"]["Running"]} == lasting
    assert stack.run("logs", "--no-log-prefix", "--since", "1m", "init").stdout.count("are made") == 0
