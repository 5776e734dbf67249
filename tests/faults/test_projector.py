"""Rows 4, 6 and 13: a projector dies in mid-transaction, consumers come and go, and an event is poison."""

import time

import pytest
from confluent_kafka import Producer

from roundtable.native.services import Service
from roundtable.parked import Does, ask, parked_events
from tests.faults.evidence import Answer
from tests.faults.mains.points import HEALED, POISON
from tests.faults.scene import Scene, live, scene, unrest
from tests.faults.signals import await_death, kill
from tests.faults.table import Ledger
from tests.faults.watching import watched, went_back
from tests.faults.world import World, wait_until
from tests.journeys.reaching import created

pytestmark = pytest.mark.faults
BOUND = 20.0
"""Seconds of recovery. What a process that was killed holds in MongoDB is free after 15 s."""
KILLS = 2
JOINS = 8
CHURN_AT_MOST_SECONDS = 80.0
STALL_SECONDS = 15.0
PATIENCE = 60.0


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


def longest_stall(there: Scene, churning: Service, before: int) -> float:
    """For how long, at the longest, nothing was projected while the load went on and a member came and went so often."""
    count, moved_at, longest = -1, time.monotonic(), 0.0
    until = moved_at + CHURN_AT_MOST_SECONDS
    history = live(there.world.cluster.engines).name_of("history")
    with there.world.cluster.engines.mongo.client() as client:
        while joined(churning) - before < JOINS and time.monotonic() < until:
            now = client["readmodel"][history].count_documents({"force": there.force})
            if now != count:
                longest, count, moved_at = max(longest, time.monotonic() - moved_at), now, time.monotonic()
            time.sleep(0.1)
    return max(longest, time.monotonic() - moved_at)


def joined(churning: Service) -> int:
    """How often a process has joined its group, in all its lives; it tells so when it subscribes."""
    log = churning.child.command.log
    return log.read_text().count('"subscribed"') if log.exists() else 0


def churn(one: World, there: Scene) -> tuple[int, float]:
    """One member is gone without leave, and another comes and goes; how often that one joined, and the longest pause meanwhile."""
    with one.replica("readmodel") as gone:
        there.reach(10)
        kill(gone.child)
    with one.replica("readmodel", "churns", settings={"ROUNDTABLE_INSTANCE": ""}) as churning:
        before = joined(churning)
        stall = longest_stall(there, churning, before)
        return joined(churning) - before, stall


def test_row_6_consumers_join_and_leave_every_two_seconds(one: World, ledger: Ledger) -> None:
    with scene(one) as there, watched(one.cluster.engines, "readmodel", "positions") as positions:
        times, stall = churn(one, there)
        verdict = there.verdict(BOUND)
        assert times >= JOINS, "nobody came and went"
        assert stall < STALL_SECONDS
        assert went_back(positions) == []
        ledger.fault("6", "consumers join and leave every 2 s", f"joined {times} times, longest pause {stall:.1f} s", verdict)


def test_row_6_bites_when_a_group_waits_longer_than_its_members(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("readmodel", "group-waits-long"):
            times, stall = churn(one, there)
            verdict = there.verdict(BOUND)
        stuck = [f"(f) nothing was projected for {stall:.1f} s"] if stall >= STALL_SECONDS else []
        ledger.control("6", "a group waits as long as a minute", f"joined {times} times", stuck + verdict.differences)


def test_row_6_bites_when_a_partition_is_taken_up_from_memory(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("readmodel", "takes-up-from-memory"):
            times, _ = churn(one, there)
            late = there.verdict(BOUND)
        ledger.control("6", "partition taken up from memory", f"joined {times} times", late.differences)


def poison(world: World, force: str) -> None:
    """Records that are no events, in every partition of a force."""
    producer = Producer(world.cluster.engines.kafka_client("admin") | {"log_level": "0"})
    for partition in range(3):
        producer.produce(f"engagement.{force}", b"not JSON", b"poison", partition)
    assert producer.flush(10) == 0


def raise_poison(there: Scene) -> None:
    """A concern whose first version the read model chokes on, and a second version that it can read."""
    path = f"/v1/forces/{there.force}/concerns"
    with there.world.client("concerns", f"{there.force}:recorder") as client:
        raised = created(client.post(path, json={"category": "drugs", "locality": POISON}))
        amended = client.patch(f"{path}/{raised['id']}", json={"locality": HEALED}, headers={"If-Match": '"1"'})
    assert amended.json()["version"] == 2
    there.load.answered += [Answer(key, raised["id"], version, time.monotonic()) for version, key in enumerate((POISON, HEALED), start=1)]


def parked(world: World, service: str, force: str) -> int:
    return len(parked_events(world.cluster.engines.provisioning, service, force))


def asked(world: World, force: str, does: Does, reason: str) -> int:
    """Redrive or discard what is parked for a reason, as `roundtable parked` does; how many events that was of."""
    desk = world.cluster.engines.provisioning
    events = [each for each in parked_events(desk, force=force) if each.shown["reason"] == reason]
    outcomes = list(ask(desk, events, does, "row 13", "poison", PATIENCE))
    assert all(outcome.done for outcome in outcomes), outcomes
    return len(outcomes)


def test_row_13_poison_is_parked_and_the_partition_goes_on_and_redriving_restores_the_fold(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("readmodel", "chokes"):
            there.reach(20)
            poison(one, there.force)
            raise_poison(there)
            wait_until(lambda: parked(one, "readmodel", there.force) == 4 and parked(one, "notifications", there.force) == 3, within=60)
            there.reach(30)
        redriven = asked(one, there.force, "redrive", "failed")
        discarded = asked(one, there.force, "discard", "undecodable")
        fired = f"7 events parked, {redriven} redriven once it could be read, {discarded} discarded"
        ledger.fault("13", "a poison event in mid-stream", fired, there.verdict(BOUND))


def test_row_13_bites_when_poison_is_passed_over(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("readmodel", "chokes", "parks-nothing"):
            there.reach(20)
            raise_poison(there)
            there.reach(30)
            wait_until(lambda: not unrest(one.cluster.engines, there.force), within=60)
        redriven = asked(one, there.force, "redrive", "failed")
        ledger.control("13", "poison passed over, not parked", f"{redriven} events parked", there.verdict(BOUND).differences)
