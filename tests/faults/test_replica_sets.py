"""Rows 7 and 9 on three of each: leader and coordinator are killed, the primary steps down, or dies alone with its last writes."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from pymongo.errors import PyMongoError

from roundtable.addresses import Addresses
from roundtable.native.engines import silent
from roundtable.native.processes import Child
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning.desk import kafka_admin
from roundtable.rotation import rotate_passwords
from tests.faults.scene import Scene, scene
from tests.faults.secured import signed_in_anew
from tests.faults.signals import await_death, kill, stop
from tests.faults.table import Ledger
from tests.faults.world import World, wait_until

pytestmark = pytest.mark.faults
BOUND = 30.0
"""Seconds of recovery. An election takes 3 s and a little, and a write waits 10 s for the other members."""
FROZEN_SECONDS = 2.0
ALONE_SECONDS = 2.0
"""Less than the 3 s after which a primary that hears nobody steps down."""
PATIENCE = 120.0
"""How long a healthy part may take to say so on a machine that is busy with other things; it is no bound of a recovery."""


def admin(world: World) -> AdminClient:
    engines = world.cluster.engines
    return kafka_admin(engines.kafka_client("admin"))


def leader(world: World, force: str) -> int:
    """The broker that leads the first partition of a force."""
    return int(admin(world).list_topics(f"engagement.{force}", timeout=PATIENCE).topics[f"engagement.{force}"].partitions[0].leader)


def coordinator(world: World) -> int:
    """The broker that coordinates the read model's group; while that changes hands, whoever is asked may say that it is not the one."""
    found: list[int] = []

    def is_told() -> bool:
        client: Any = admin(world)
        try:
            described = client.describe_consumer_groups(["readmodel"])["readmodel"].result(PATIENCE)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_COORDINATOR:
                raise
            return False
        found.append(int(described.coordinator.id))
        return True

    wait_until(is_told, within=PATIENCE)
    return found[0]


def all_in_sync(world: World) -> bool:
    topics = admin(world).list_topics(timeout=PATIENCE).topics.values()
    return all(len(partition.isrs) == 3 for each in topics for partition in each.partitions.values())


def freeze_and_kill(there: Scene, broker: Child) -> None:
    """It hangs for a moment, so that what was sent to it was not taken, and then dies."""
    stop(broker)
    there.load.wait(FROZEN_SECONDS)
    kill(broker)


def test_row_7_leader_and_coordinator_are_killed_in_turn(three: World, ledger: Ledger) -> None:
    with scene(three) as there:
        killed = []
        finds: tuple[Callable[[], int], ...] = (lambda: leader(three, there.force), lambda: coordinator(three))
        for find in finds:
            there.reach(40)
            number = find()
            freeze_and_kill(there, three.cluster.brokers[number - 1])
            there.reach(40)
            three.cluster.brokers[number - 1].restart()
            wait_until(lambda: all_in_sync(three), within=PATIENCE)
            killed.append(str(number))
        fired = f"leader {killed[0]}, then coordinator {killed[1]} frozen and killed"
        ledger.fault("7", "kill -9 leader and coordinator of three", fired, there.verdict(BOUND))


def test_row_7_bites_when_no_acknowledgement_is_awaited(three: World, ledger: Ledger) -> None:
    with scene(three) as there, three.changed("concerns", "ack-not-awaited"):
        there.reach(40)
        number = leader(three, there.force)
        freeze_and_kill(there, three.cluster.brokers[number - 1])
        three.cluster.brokers[number - 1].restart()
        wait_until(lambda: all_in_sync(three), within=PATIENCE)
        ledger.control("7", "no acknowledgement awaited", f"leader {number} killed", there.verdict(BOUND).differences)


def test_three_brokers_go_on_with_each_other_after_an_exchange_of_passwords(three: World, ledger: Ledger) -> None:
    """Each dies and comes back, and so has to call the others, who have to call it: those who have not died since, too."""
    with scene(three) as there:
        there.reach(40)
        exchange_passwords(three)
        for broker in three.cluster.brokers:
            kill(broker)
            await_death(broker)
            there.reach(10)
            broker.restart()
            wait_until(lambda: all_in_sync(three), within=PATIENCE)
        there.reach(40)
        ledger.fault("rot", "passwords exchanged, each broker of three killed", "all in sync after each", there.verdict(BOUND))


def exchange_passwords(world: World) -> None:
    """What `roundtable rotate passwords` does."""
    engines = world.cluster.engines
    addresses = Addresses(engines.bootstrap_servers, engines.mongo.address, {})
    rotate_passwords(OperatorDesk(engines.home, addresses, engines.provisioning), silent)
    world.cluster = replace(world.cluster, engines=signed_in_anew(engines))


def primary(world: World) -> int:
    """Which member of the set is the primary."""
    with world.cluster.engines.mongo.client() as client:
        ports = [member["name"].rpartition(":")[2] for member in members(client) if member["stateStr"] == "PRIMARY"]
    return [str(port) for port in world.cluster.engines.mongo.ports].index(ports[0])  # type: ignore[attr-defined]  # of the set of three


def members(client: Any) -> list[dict[str, Any]]:
    return list(client.admin.command("replSetGetStatus")["members"])


def states(world: World) -> list[str]:
    """What the members are, sorted; nothing while none of them leads."""
    try:
        with world.cluster.engines.mongo.client() as client:
            return sorted(member["stateStr"] for member in members(client))
    except PyMongoError:
        return []


def all_well(world: World) -> bool:
    return states(world) == ["PRIMARY", "SECONDARY", "SECONDARY"]


def test_row_9_the_primary_steps_down(three: World, ledger: Ledger) -> None:
    with scene(three, clients=8) as there:
        before, steps = time.monotonic(), []
        for _ in range(2):
            there.reach(60)
            steps.append(primary(three))
            with three.cluster.engines.mongo.client() as client:
                client.admin.command("replSetStepDown", 20, secondaryCatchUpPeriodSecs=5)
            wait_until(lambda: all_well(three), within=PATIENCE)
        assert primary(three) != steps[-1]
        failed = len(there.load.failed_since(before))
        ledger.fault(
            "9", "the primary of three steps down, twice", f"members {steps} stepped down, {failed} attempts failed", there.verdict(BOUND)
        )


def alone_and_dead(world: World, there: Scene) -> int:
    """The others die, the primary goes on for a moment and dies as well; the others come back and elect one of themselves. Who it was.

    Others that were only stopped would find in their sockets what the primary wrote meanwhile.
    """
    number = primary(world)
    others = [child for index, child in enumerate(world.cluster.members) if index != number]
    kill(*others)
    there.load.wait(ALONE_SECONDS)
    kill(world.cluster.members[number])
    for other in others:
        other.restart()
    wait_until(lambda: states(world).count("PRIMARY") == 1, within=PATIENCE)
    there.load.wait(ALONE_SECONDS)
    world.cluster.members[number].restart()
    wait_until(lambda: all_well(world), within=PATIENCE)
    return number


def test_row_9_a_primary_dies_with_writes_that_no_other_member_has(three: World, ledger: Ledger) -> None:
    with scene(three, clients=8) as there:
        there.reach(60)
        before = time.monotonic()
        number = alone_and_dead(three, there)
        failed = there.load.failed_since(before)
        assert failed
        assert "500" not in failed
        fired = f"member {number} killed alone, {len(failed)} attempts failed"
        ledger.fault("9", "kill -9 the primary, its last writes with it", fired, there.verdict(BOUND))


def test_row_9_bites_when_one_member_suffices(three: World, ledger: Ledger) -> None:
    with scene(three, clients=8) as there, three.changed("concerns", "one-member-suffices"):
        there.reach(60)
        number = alone_and_dead(three, there)
        ledger.control("9", "a write counts with one member", f"member {number} killed alone", there.verdict(BOUND).differences)
