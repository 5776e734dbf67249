"""A consumer of one force tries everything that Kafka knows on another force: the broker itself refuses it."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from contracts.topics import topic
from roundtable.native import Engines
from roundtable.provisioning import Provisioning, add_force
from roundtable.provisioning.consumers import provision_consumer
from tests.conftest import Corners
from tests.services.intruders import REFUSALS, SECONDS, Identity, Target, heard, refusal, written
from tests.services.kafka_admin_attacks import ON_KAFKA
from tests.services.kafka_attacks import ON_THE_LOG
from tests.services.kafka_request_attacks import BY_REQUEST

# What destroys comes last: the control does all of it.
ATTACKS = {**ON_THE_LOG, **BY_REQUEST, **ON_KAFKA}


@dataclass(frozen=True)
class Scene:
    """Two forces with a consumer each, and the administrator; every topic holds a record."""

    west_yorkshire: Identity
    northamptonshire: Identity
    administrator: Identity
    target: Target


@pytest.fixture(scope="module")
def scene(engines: Engines, corners: Corners) -> Iterator[Scene]:
    desk, mark = corners.lend(), secrets.token_hex(3)
    home, away = (consuming(engines, desk, f"{name}-{mark}") for name in ("west-yorkshire", "northamptonshire"))
    administrator = Identity(engines.kafka_client("admin"), f"admin-{mark}", home.readable)
    # The control needs somebody who coordinates transactions, and Kafka has one only once there was a transaction.
    administrator.producer(transactional_id=f"first-{mark}").init_transactions(SECONDS)
    yield Scene(home, away, administrator, Target(away.readable, away.group, away.group))
    corners.take_back(desk)


def consuming(engines: Engines, desk: Provisioning, force: str) -> Identity:
    """A consumer of a new force, who has read the one record that there is."""
    add_force(desk, force)
    written(Identity(engines.kafka_client("meetings"), "", "").producer(), topic(force))
    name = f"{force}-bi"
    made = Identity(engines.kafka.client(name, provision_consumer(desk, name, force)), name, topic(force))
    with closing(made.consumer()) as consumer:
        consumer.subscribe([made.readable])
        consumer.commit(message=heard(consumer), asynchronous=False)
    return made


@pytest.mark.parametrize("name", ATTACKS)
def test_the_broker_refuses_a_consumer_who(name: str, scene: Scene) -> None:
    assert refusal(ATTACKS[name], scene.west_yorkshire, scene.target) in REFUSALS


def test_the_list_of_topics_shows_a_consumer_its_own_alone(scene: Scene) -> None:
    listed = {by.group: set(by.admin().list_topics(timeout=SECONDS).topics) for by in (scene.west_yorkshire, scene.administrator)}

    assert listed[scene.west_yorkshire.group] == {scene.west_yorkshire.readable}
    assert listed[scene.administrator.group] > {scene.west_yorkshire.readable, scene.target.topic}


def test_the_list_of_groups_shows_a_consumer_its_own_alone(scene: Scene) -> None:
    shown = {by.group: groups_shown(by) for by in (scene.west_yorkshire, scene.administrator)}

    assert shown[scene.west_yorkshire.group] == {scene.west_yorkshire.group}
    assert shown[scene.administrator.group] >= {scene.west_yorkshire.group, scene.northamptonshire.group}


def groups_shown(by: Identity) -> set[str]:
    kafka = by.admin()
    return {each.group_id for each in kafka.list_consumer_groups().result(SECONDS).valid}


@pytest.mark.parametrize("name", ["writes_to_its_topic", "writes_to_its_topic_idempotently", "begins_a_transaction"])
def test_a_consumer_does_not_write_to_its_own_forces_topic_either(name: str, scene: Scene) -> None:
    own = Target(scene.west_yorkshire.readable, scene.west_yorkshire.group, scene.west_yorkshire.group)

    assert refusal(ATTACKS[name], scene.west_yorkshire, own) in REFUSALS


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_the_identity_that_is_refused_for_the_administrator(name: str, scene: Scene) -> None:
    """The control of each attack: who may do everything is not refused, in the order of the attacks."""
    assert refusal(ATTACKS[name], scene.administrator, scene.target) is None
