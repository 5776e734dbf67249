"""A consumer's identity is taken away while it reads: the broker refuses what it asks next, and lets it in no more."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext

import pytest
from aiokafka.protocol.fetch import FetchRequest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from typer.testing import CliRunner

from contracts.topics import topic
from roundtable.addresses import Addresses
from roundtable.commands.provision import app
from roundtable.errors import OperatorError
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning, acls, scram
from roundtable.provisioning.consumers import provision_consumer
from roundtable.provisioning.revoking import revoke_consumer
from tests.conftest import Place
from tests.services.intruders import REFUSALS, Identity, heard, told, written
from tests.services.mending import operating

WITHIN = 5.0
"""Seconds in which whoever reads is refused."""


@pytest.fixture
def desk(place: Place) -> Iterator[Provisioning]:
    with operating(place) as opened:
        yield opened


@pytest.fixture
def reader(place: Place, desk: Provisioning) -> Identity:
    name = f"bi-{secrets.token_hex(4)}"
    return Identity(place.engines.kafka.client(name, provision_consumer(desk, name, place.force)), name, topic(place.force))


def write(place: Place) -> None:
    written(Identity(place.engines.kafka_client("meetings"), "", "").producer(), topic(place.force))


def assigned(consumer: Consumer, name: str) -> None:
    consumer.assign([TopicPartition(name, number, 0) for number in range(3)])


def subscribed(consumer: Consumer, name: str) -> None:
    consumer.subscribe([name])


@contextmanager
def reading(place: Place, by: Identity, begin: Callable[[Consumer, str], None] = assigned) -> Iterator[Consumer]:
    """Somebody who has read a record and goes on."""
    write(place)
    # The shortest session that Kafka grants: a member that is gone without leave is missed after it.
    with closing(by.consumer(session_timeout_ms=6_000)) as consumer:
        begin(consumer, by.readable)
        heard(consumer)
        yield consumer


def refused(place: Place, consumer: Consumer) -> int:
    """The code by which a reader is refused, who is written to all the while."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        write(place)
        record = consumer.poll(0.1)
        try:
            told(record) if record else None
        except KafkaException as refusal:
            return int(refusal.args[0].code())
    pytest.fail("it reads on")


@pytest.mark.parametrize("begin", [assigned, subscribed])
def test_a_consumer_that_reads_is_refused_within_seconds_of_its_revocation(
    place: Place, desk: Provisioning, reader: Identity, begin: Callable[[Consumer, str], None]
) -> None:
    with reading(place, reader, begin) as consumer:
        began = time.monotonic()
        revoke_consumer(desk, reader.group)
        assert refused(place, consumer) in REFUSALS
        took = time.monotonic() - began

        write(place)
        assert not [record for record in consumer.consume(10, 2) if record.error() is None]
    assert took < WITHIN


async def test_a_fetch_that_waited_at_the_broker_already_is_answered_once_and_with_what_came_while_it_waited(
    place: Place, desk: Provisioning, reader: Identity
) -> None:
    """How far a revocation does not reach: Kafka looks at the rules when a fetch comes in, and not when it is answered."""
    everything = [(reader.readable, [(number, 0, 1_000_000) for number in range(3)])]
    async with reader.connected() as connection:
        waiting = asyncio.ensure_future(connection.send(FetchRequest(4_000, 1_000_000, 1_000_000, 0, everything)))
        await asyncio.to_thread(revoke_consumer, desk, reader.group)
        await asyncio.to_thread(write, place)

        answered = [each for _, partitions in (await waiting).topics for each in partitions]
        refusals = [
            each[1] for _, partitions in (await connection.send(FetchRequest(0, 0, 1, 0, everything))).topics for each in partitions
        ]

    assert {each[1] for each in answered} == {0}
    assert any(each[-1] for each in answered)
    assert set(refusals) == {KafkaError.TOPIC_AUTHORIZATION_FAILED}


def test_its_password_alone_would_leave_open_connections_reading(place: Place, desk: Provisioning, reader: Identity) -> None:
    """Why the rules go too, and go first."""
    with reading(place, reader) as consumer:
        scram.remove_user(desk.kafka, reader.group)
        write(place)
        heard(consumer)


def test_whoever_was_revoked_signs_in_no_more(place: Place, desk: Provisioning, reader: Identity) -> None:
    with reading(place, reader):
        revoke_consumer(desk, reader.group)

    with closing(reader.consumer()) as again, pytest.raises(KafkaException, match=r"(?i)transport|authentication"):
        again.list_topics(timeout=3)


def test_nothing_of_a_revoked_consumer_is_left_in_kafka(place: Place, desk: Provisioning, reader: Identity) -> None:
    with reading(place, reader, subscribed) as consumer:
        consumer.commit(asynchronous=False)

    done = revoke_consumer(desk, reader.group)

    assert (done.again, done.groups_left) == (False, {})
    assert acls.rules(desk.kafka, reader.group) == []
    assert reader.group not in scram.users(desk.kafka)
    assert reader.group not in groups(desk)


def groups(desk: Provisioning) -> set[str]:
    return {each.group_id for each in desk.kafka.list_consumer_groups().result(15).valid}


def test_a_group_that_is_still_joined_is_told_of_and_goes_with_the_next_revocation(
    place: Place, desk: Provisioning, reader: Identity
) -> None:
    with reading(place, reader, subscribed) as consumer:
        consumer.commit(asynchronous=False)
        done = revoke_consumer(desk, reader.group)
        assert set(done.groups_left) == {reader.group}

    until_gone = time.monotonic() + 60
    while (again := revoke_consumer(desk, reader.group)).groups_left:
        assert time.monotonic() < until_gone

    assert again.again
    assert reader.group not in groups(desk)


def test_what_was_interrupted_after_the_rules_is_finished(desk: Provisioning, reader: Identity) -> None:
    acls.take_away(desk.kafka, acls.rules(desk.kafka, reader.group))

    assert not revoke_consumer(desk, reader.group).again
    assert not scram.has_user(desk.kafka, reader.group)


def test_revoking_again_changes_nothing_and_a_consumer_that_never_was_is_an_error(desk: Provisioning, reader: Identity) -> None:
    first, second = revoke_consumer(desk, reader.group), revoke_consumer(desk, reader.group)

    assert (first.again, second.again) == (False, True)
    with pytest.raises(
        OperatorError, match=f"there is no consumer never-{reader.group}: `roundtable provision show` names those there are"
    ):
        revoke_consumer(desk, f"never-{reader.group}")


@pytest.mark.parametrize("name", ["meetings", "concerns", "readmodel", "notifications", "cli", "admin", "controller"])
def test_an_identity_of_roundtable_itself_is_not_revoked(desk: Provisioning, name: str) -> None:
    before = acls.rules(desk.kafka, name)

    with pytest.raises(OperatorError, match=f"{name} is an identity of Roundtable itself"):
        revoke_consumer(desk, name)

    assert acls.rules(desk.kafka, name) == before


def test_a_revoked_consumer_can_be_given_an_identity_anew(place: Place, desk: Provisioning, reader: Identity) -> None:
    revoke_consumer(desk, reader.group)
    anew = Identity(
        place.engines.kafka.client(reader.group, provision_consumer(desk, reader.group, place.force)), reader.group, reader.readable
    )

    with reading(place, anew):
        assert not revoke_consumer(desk, reader.group).again


def test_the_command_says_what_it_did(place: Place, desk: Provisioning, reader: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = place.engines
    opened = OperatorDesk(engines.home, Addresses(engines.bootstrap_servers, engines.mongo.address, {}), desk)
    monkeypatch.setattr("roundtable.commands.provision.operator_desk", lambda _: nullcontext(opened))

    first, second = (CliRunner().invoke(app, ["revoke-consumer", reader.group]) for _ in range(2))

    assert (first.exit_code, first.stdout) == (0, f"{reader.group} may read nothing and sign in no more\n")
    assert (second.exit_code, second.stdout) == (0, f"{reader.group} was revoked before\n")
