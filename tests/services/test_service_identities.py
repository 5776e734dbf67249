"""Each service's Kafka identity does the work of its service, and is refused everything else that could be tried."""

import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from contracts.topics import topic
from roundtable.native import Engines
from roundtable.provisioning import add_force
from roundtable.provisioning.consumers import provision_consumer
from tests.conftest import Corners
from tests.services.intruders import REFUSALS, Identity, Target, heard, refusal, written
from tests.services.kafka_admin_attacks import ON_KAFKA
from tests.services.kafka_attacks import ON_THE_LOG
from tests.services.kafka_request_attacks import BY_REQUEST

ATTACKS = {**ON_THE_LOG, **BY_REQUEST, **ON_KAFKA}
SEEING = {
    "asks_for_its_topic_by_name",
    "describes_its_topic",
    "asks_where_its_log_begins",
    "asks_where_its_log_ends",
    "asks_which_record_was_the_first_of_a_day",
}
READING = SEEING | {"fetches_from_its_log", "subscribes_to_its_topic", "commits_a_place_in_its_log"}
WRITING = SEEING | {"writes_to_its_topic", "writes_to_its_topic_idempotently", "produces_to_its_log", "asks_to_be_an_idempotent_producer"}
MAY = {"meetings": WRITING, "concerns": WRITING, "readmodel": READING, "notifications": READING}


@pytest.fixture(scope="module")
def target(engines: Engines, corners: Corners) -> Iterator[Target]:
    """A force with one record, and a consumer of it in its group."""
    desk, force = corners.lend(), f"kent-{secrets.token_hex(3)}"
    add_force(desk, force)
    written(service(engines, "meetings", topic(force)).producer(), topic(force))
    name = f"{force}-bi"
    consumer = Identity(engines.kafka.client(name, provision_consumer(desk, name, force)), name, topic(force))
    with closing(consumer.consumer()) as reader:
        reader.subscribe([topic(force)])
        reader.commit(message=heard(reader), asynchronous=False)
    yield Target(topic(force), name, name)
    corners.take_back(desk)


def service(engines: Engines, name: str, readable: str) -> Identity:
    return Identity(engines.kafka_client(name), name, readable)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", MAY)
def test_a_service_does_what_is_its_work_and_no_more(name: str, attack: str, engines: Engines, target: Target) -> None:
    code = refusal(ATTACKS[attack], service(engines, name, target.topic), target)

    assert code is None if attack in MAY[name] else code in REFUSALS


@pytest.mark.parametrize(("name", "other"), [("readmodel", "notifications"), ("notifications", "readmodel")])
def test_a_service_does_not_read_in_the_group_of_another(name: str, other: str, engines: Engines, target: Target) -> None:
    of_the_other = Target(target.topic, other, other)

    for attack in ("joins_its_group", "commits_for_its_group", "sets_its_group_back", "describes_its_group", "removes_its_group"):
        assert refusal(ATTACKS[attack], service(engines, name, target.topic), of_the_other) in REFUSALS, attack


def test_nobody_is_the_only_user_that_a_client_without_a_password_could_be(engines: Engines, target: Target) -> None:
    """Without SASL nothing answers at all: there is no listener on which nobody could ask."""
    unsigned = Identity({"bootstrap.servers": engines.bootstrap_servers}, "nobody", target.topic)

    with pytest.raises(Exception, match=r"(?i)transport|disconnected"):
        unsigned.admin().list_topics(timeout=3)
