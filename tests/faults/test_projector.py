"""Rows 4, 6 and 13: a projector dies in mid-transaction, consumers come and go, and an event is poison."""

import json
import time
from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from roundtable.native.services import Service
from tests.faults.scene import Scene, scene
from tests.faults.signals import await_death
from tests.faults.table import Ledger
from tests.faults.watching import watched, went_back
from tests.faults.world import World, wait_until

pytestmark = pytest.mark.faults
BOUND = 60.0
KILLS = 2
JOINS = 8
CHURN_AT_MOST_SECONDS = 80.0
STALL_SECONDS = 20.0


def die_and_come_back(world: World, name: str, times: int) -> int:
    for _ in range(times):
        await_death(world.services[name].child)
        world.revive(name)
    return times


def test_row_4_a_projector_is_killed_in_mid_transaction(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("readmodel", "dies-in-transaction=25"):
            kills = die_and_come_back(one, "readmodel", KILLS)
        ledger.fault("4", "kill -9 the projector in mid-transaction", f"{kills} kills before the commit", there.verdict(BOUND))


def test_row_4_bites_when_the_position_moves_outside_of_the_transaction(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("readmodel", "dies-in-transaction=25", "position-apart"):
            kills = die_and_come_back(one, "readmodel", KILLS)
        ledger.control("4", "position outside of the transaction", f"{kills} kills", there.verdict(BOUND).differences)


def longest_stall(there: Scene, churning: Service) -> float:
    """For how long, at the longest, nothing was projected while the load went on and a member came and went so often."""
    count, moved_at, longest = -1, time.monotonic(), 0.0
    until = moved_at + CHURN_AT_MOST_SECONDS
    with there.world.cluster.engines.mongo.client() as client:
        while joined(churning) < JOINS and time.monotonic() < until:
            now = client["readmodel"]["history_p1"].count_documents({"force": there.force})
            if now != count:
                longest, count, moved_at = max(longest, time.monotonic() - moved_at), now, time.monotonic()
            time.sleep(0.1)
    return max(longest, time.monotonic() - moved_at)


def joined(churning: Service) -> int:
    """How often a process has joined its group; it tells so when it subscribes."""
    return churning.child.command.log.read_text().count('"subscribed"')


def test_row_6_consumers_join_and_leave_every_two_seconds(one: World, ledger: Ledger) -> None:
    with scene(one) as there, watched(one.cluster.engines, "readmodel", "positions") as positions:
        with one.replica("readmodel", "churns", settings={"ROUNDTABLE_INSTANCE": ""}) as churning:
            stall = longest_stall(there, churning)
            times = joined(churning)
        verdict = there.verdict(BOUND)
        assert times >= JOINS, "nobody came and went"
        assert stall < STALL_SECONDS
        assert went_back(positions) == []
        ledger.fault("6", "consumers join and leave every 2 s", f"joined {times} times, longest pause {stall:.1f} s", verdict)


def test_row_6_bites_when_a_revoked_position_is_kept(one: World, ledger: Ledger) -> None:
    with scene(one) as there, watched(one.cluster.engines, "readmodel", "positions") as positions:
        with one.changed("readmodel", "lost-partition-not-left"):
            with one.replica("readmodel", "churns", settings={"ROUNDTABLE_INSTANCE": ""}) as churning:
                longest_stall(there, churning)
            verdict = there.verdict(BOUND)
        ledger.control("6", "revoked position kept", "churn", verdict.differences + went_back(positions))


def poison(world: World, force: str) -> None:
    """Records that are no events, in every partition of a force."""
    producer = Producer(world.cluster.engines.kafka_client("admin") | {"log_level": "0"})
    for partition in range(3):
        producer.produce(f"engagement.{force}", b"not JSON", b"poison", partition)
    assert producer.flush(10) == 0


def parked(world: World, service: str, force: str) -> int:
    with world.cluster.engines.mongo.client() as client:
        return client[service]["parked"].count_documents({"force": force})


def all_parked(world: World, force: str) -> Callable[[], bool]:
    return lambda: all(parked(world, service, force) >= 3 for service in ("readmodel", "notifications"))


def test_row_13_a_poison_event_is_parked_and_the_partition_goes_on(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        there.reach(20)
        poison(one, there.force)
        wait_until(all_parked(one, there.force), within=60)
        there.reach(30)
        counts = {service: parked(one, service, there.force) for service in ("readmodel", "notifications")}
        ledger.fault("13", "a poison event in mid-stream", f"parked: {json.dumps(counts)}", there.verdict(BOUND))


def test_row_13_bites_when_a_failure_is_not_parked(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("readmodel", "failure-not-parked"):
            there.reach(20)
            poison(one, there.force)
            await_death(one.services["readmodel"].child, within=90)
            # The verdict asks the read model: it is started again, and dies again, as under a supervisor.
            one.revive("readmodel")
            late = there._await_rest(time.monotonic() + 15)
        ledger.control("13", "failure not parked", "the read model died of it", [f"(f) {late}"] if late else [])
        there.verdict(BOUND)
