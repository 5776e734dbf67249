"""Rows 11 and 12: the disk is full, and a clock is wrong."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo.errors import PyMongoError

from roundtable.native.processes import Child
from tests.faults.disk import empty, fill
from tests.faults.scene import Scene, scene
from tests.faults.signals import await_death, kill
from tests.faults.table import Ledger
from tests.faults.watching import changed_hands, watched
from tests.faults.world import World

pytestmark = pytest.mark.faults
BOUND = 20.0
"""Seconds of recovery. The relay asks Kafka again within 3 s; what a process that was killed holds in MongoDB is free after 15 s."""
FULL_SECONDS = 8.0
PATIENT_SECONDS = 15.0
"""Longer than a service tries a transaction, so that its client hears what came of it."""
NEXT_TO_NOTHING = 65_536
"""Bytes that an engine may give back in the moment in which its disk is filled."""


@contextmanager
def full(world: World, folder: Path, engine: Child) -> Iterator[None]:
    """The disk of an engine is full for a while; afterwards the engine runs, whether it ended meanwhile or not."""
    if not world.cluster.on_small_disks:
        pytest.skip("this user may not mount a small disk (tmpfs), which row 11 fills")
    assert fill(folder) < NEXT_TO_NOTHING
    try:
        yield
    finally:
        empty(folder)
        if engine.exit_status() is None:
            kill(engine)
        engine.restart()
        world.cluster.engines.kafka.await_ready()


def end_of(engine: Child, said: str) -> str:
    """What an engine said last of its full disk; it must have said so."""
    lines = [line for line in engine.command.log.read_text(errors="replace").splitlines() if said in line]
    assert lines, f"{engine.name} said nothing of its disk"
    return lines[-1]


def test_row_11_the_disk_is_full_under_kafka(one: World, ledger: Ledger) -> None:
    broker = one.cluster.brokers[0]
    with scene(one) as there:
        there.reach(40)
        with full(one, one.cluster.engines.home.kafka, broker):
            there.load.wait(FULL_SECONDS)
            there.reach(20)
        assert end_of(broker, "No space left on device")
        ledger.fault("11", "disk full under Kafka", f"the broker ended or refused, {waited(there)}", there.verdict(BOUND))


def test_row_11_bites_under_kafka_when_marks_come_before_the_acknowledgement(one: World, ledger: Ledger) -> None:
    broker = one.cluster.brokers[0]
    with scene(one) as there, one.changed("concerns", "marks-before-ack"):
        there.reach(40)
        with full(one, one.cluster.engines.home.kafka, broker):
            there.load.wait(FULL_SECONDS * 2)
        ledger.control("11", "marks before the ack", "disk full under Kafka", there.verdict(BOUND).differences)


def mongod_dies_of_it(one: World, there: Scene) -> None:
    """The disk is full, mongod has to write to it and ends; requests that were under way come to their end without it."""
    member = one.cluster.members[0]
    there.reach(100)
    with full(one, one.cluster.engines.home.mongo, member):
        write_all(one)
        await_death(member, within=120)
        there.load.wait(PATIENT_SECONDS)


def test_row_11_the_disk_is_full_under_mongod(one: World, ledger: Ledger) -> None:
    with scene(one, clients=16, patience=PATIENT_SECONDS) as there:
        mongod_dies_of_it(one, there)
        refused = {why for _, why in there.load.failures}
        assert end_of(one.cluster.members[0], "No space left on device")
        assert refused == {"503"}
        ledger.fault("11", "disk full under mongod", f"mongod ended, {waited(there)}", there.verdict(BOUND))


def test_row_11_bites_under_mongod_when_a_transaction_that_failed_counts(one: World, ledger: Ledger) -> None:
    with scene(one, clients=16, patience=PATIENT_SECONDS) as there, one.changed("concerns", "away-counts-as-committed"):
        mongod_dies_of_it(one, there)
        ledger.control("11", "a transaction that failed counts", "disk full under mongod", there.verdict(BOUND).differences)


def write_all(world: World) -> None:
    """Ask mongod to write what it holds in memory, as it does once a minute by itself; it cannot."""
    with world.cluster.engines.mongo.client() as client, contextlib.suppress(PyMongoError):
        client.admin.command("fsync")


def waited(there: Scene) -> str:
    failures = [why for _, why in there.load.failures]
    return f"{len(failures)} attempts failed ({', '.join(sorted(set(failures)))[:60]})"


@pytest.mark.parametrize("hours", [2, -2])
def test_row_12_a_clock_is_two_hours_wrong(one: World, ledger: Ledger, hours: int) -> None:
    with (
        watched(one.cluster.engines, "concerns", "leases") as leases,
        one.replica("concerns", f"clock={hours * 3600}"),
        scene(one) as there,
    ):
        there.reach(150)
        spread = clocks(there)
        hands = changed_hands(leases)
        verdict = there.verdict(BOUND)
        assert spread
        assert hands == 0
        ledger.fault(
            "12", f"clock {hours:+d} h on one of two", f"{spread} events of another hour, lease changed hands {hands} times", verdict
        )


@pytest.mark.parametrize("hours", [2, -2])
def test_row_12_the_clock_of_who_tells_subscribers_is_two_hours_wrong(one: World, ledger: Ledger, hours: int) -> None:
    with one.changed("notifications", f"clock={hours * 3600}"), scene(one) as there:
        there.reach(60)
        spread = clocks(there)
        verdict = there.verdict(BOUND)
        assert spread
        ledger.fault("12", f"clock {hours:+d} h on notifications", f"{spread} events of another hour than the subscriptions", verdict)


def clocks(there: Scene) -> int:
    """How many events in the log are of another hour than the subscriptions, which were made just now."""
    now = there.subscribers["everything"].created_at[:13]
    return sum(bool(record.time) and abs(int(record.time[11:13]) - int(now[11:13])) >= 1 for record in there.evidence().log)


def test_row_12_bites_when_a_lease_is_over_by_the_process_s_own_clock(one: World, ledger: Ledger) -> None:
    with (
        watched(one.cluster.engines, "concerns", "leases") as leases,
        one.replica("concerns", "clock=7200", "lease-by-own-clock"),
        scene(one) as there,
    ):
        there.reach(150)
        hands = changed_hands(leases)
        there.verdict(BOUND)
        ledger.control("12", "lease by the process's own clock", "+2 h", [f"the lease changed hands {hands} times"] if hands else [])
