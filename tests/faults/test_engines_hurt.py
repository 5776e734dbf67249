"""Rows 7, 8 and 9 on one node of each: Kafka is killed, Kafka is away for long, mongod is killed; and all of it at once."""

import os
import time

import pytest

from tests.faults.scene import Scene, scene
from tests.faults.signals import kill
from tests.faults.table import Ledger
from tests.faults.world import World
from tests.journeys.reaching import wait_until

pytestmark = pytest.mark.faults
BOUND = 20.0
"""Seconds of recovery. The relay asks Kafka again within 3 s; what a process that was killed holds in MongoDB is free after 15 s."""
AWAY_SECONDS = float(os.environ.get("FAULTS_AWAY_SECONDS", "120"))
"""How long Kafka is away; minutes, as the matrix says, unless `FAULTS_AWAY_SECONDS` says otherwise."""


def answered_while(there: Scene, seconds: float) -> int:
    """How many requests are answered within so many seconds from now."""
    before = len(there.load.answered)
    there.load.wait(seconds)
    return len(there.load.answered) - before


def test_row_7_the_broker_is_killed_and_started_again(one: World, ledger: Ledger) -> None:
    broker = one.cluster.brokers[0]
    with scene(one) as there:
        there.reach(40)
        kill(broker)
        meanwhile = answered_while(there, 3)
        broker.restart()
        one.cluster.engines.kafka.await_ready()
        ledger.fault("7", "kill -9 the only broker, start it again", f"killed, {meanwhile} answers meanwhile", there.verdict(BOUND))


def test_row_8_kafka_is_away_and_what_is_recorded_waits(one: World, ledger: Ledger) -> None:
    broker = one.cluster.brokers[0]
    with scene(one) as there:
        there.reach(40)
        kill(broker)
        away = time.monotonic()
        meanwhile = answered_while(there, AWAY_SECONDS)
        refused = there.load.failed_since(away)
        waiting = pending(one, there.force)
        broker.restart()
        one.cluster.engines.kafka.await_ready()
        assert meanwhile > AWAY_SECONDS
        assert refused == []
        assert waiting >= meanwhile
        fired = f"{meanwhile} answers in {AWAY_SECONDS:g} s without Kafka, {waiting} events waited"
        ledger.fault("8", "Kafka away", fired, there.verdict(BOUND))


def test_row_8_bites_when_marks_come_before_the_acknowledgement(one: World, ledger: Ledger) -> None:
    broker = one.cluster.brokers[0]
    with scene(one) as there, one.changed("concerns", "marks-before-ack"):
        there.reach(40)
        kill(broker)
        answered_while(there, 12)
        broker.restart()
        one.cluster.engines.kafka.await_ready()
        ledger.control("8", "marks before the ack", "killed", there.verdict(BOUND).differences)


def pending(world: World, force: str) -> int:
    with world.cluster.engines.mongo.client() as client:
        return client["concerns"]["outbox"].count_documents({"force": force, "status": "pending"})


def test_row_9_the_only_mongod_is_killed_and_started_again(one: World, ledger: Ledger) -> None:
    with scene(one, clients=8) as there:
        before = time.monotonic()
        for times in (1, 2, 3):
            there.reach(40)
            kill(one.cluster.members[0])
            if times == 3:
                # It is back so soon after the others that every request may have waited for it; this time somebody is refused.
                wait_until(lambda: bool(there.load.failed_since(before)), within=60)
            one.cluster.members[0].restart()
        failed = there.load.failed_since(before)
        ledger.fault("9", "kill -9 the only mongod, three times", f"{len(failed)} attempts failed", there.verdict(BOUND))


def test_row_9_a_machine_dies_with_everything_on_it(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        there.reach(60)
        services = [service.child for service in one.services.values()]
        everything = [*services, *one.cluster.brokers, *one.cluster.members]
        kill(*everything)
        for child in everything:
            child.restart()
        one.cluster.engines.kafka.await_ready()
        ledger.fault("9", "kill -9 every process at once", f"{len(everything)} processes killed", there.verdict(BOUND))
