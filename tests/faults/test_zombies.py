"""Rows 3 and 5: a process that slept past its lease or its session wakes with old work in hand."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from roundtable.native.services import Service
from tests.faults.evidence import Logged
from tests.faults.scene import Scene, live, scene
from tests.faults.signals import await_stop, go_on
from tests.faults.table import Ledger
from tests.faults.watching import changed_hands, watched, went_back
from tests.faults.world import World, wait_until

pytestmark = pytest.mark.faults
BOUND = 20.0
"""Seconds of recovery. What a process that was killed holds in MongoDB is free after 15 s."""
OTHERS_FIRST = 60
"""Answers that the other process gives while one sleeps: the zombie's records are then long overtaken."""


def went_to_another(world: World, holder: str) -> bool:
    return lease_holder(world) not in {None, holder}


def lease_holder(world: World) -> str | None:
    with world.cluster.engines.mongo.client() as client:
        found = client["concerns"]["leases"].find_one({"_id": "relay"})
    return found["holder"] if found else None


def late_repeats(log: list[Logged]) -> int:
    """Events that came again after a later version of their record stood in the log."""
    newest: Counter[str] = Counter()
    late = 0
    for record in log:
        late += record.version < newest[record.subject]
        newest[record.subject] = max(newest[record.subject], record.version)
    return late


@contextmanager
def sleeping_relay(world: World, there: Scene) -> Iterator[Service]:
    """The first process stops with records that it read and did not send; the second takes the lease over and sends them."""
    with world.changed("concerns", "stops-before-send=15") as sleeper, world.replica("concerns"):
        await_stop([sleeper.child])
        holder = lease_holder(world)
        assert holder
        wait_until(lambda: went_to_another(world, holder), within=90)
        there.reach(OTHERS_FIRST)
        go_on(sleeper.child)
        there.reach(10)
        yield sleeper


def test_row_3_a_relay_that_slept_past_its_lease_repeats_events_and_nothing_regresses(one: World, ledger: Ledger) -> None:
    with scene(one) as there, watched(one.cluster.engines, "concerns", "leases") as leases:
        with sleeping_relay(one, there):
            verdict = there.verdict(BOUND)
        late = late_repeats(list(verdict.evidence.log))
        assert late
        fired = f"lease went to another {changed_hands(leases)} times, {late} events came after later ones"
        ledger.fault("3", "SIGSTOP the relay past its lease, SIGCONT", fired, verdict)


def test_row_3_bites_when_the_last_event_counts_for_the_newest(one: World, ledger: Ledger) -> None:
    with scene(one) as there, one.changed("readmodel", "newest-not-kept"):
        with sleeping_relay(one, there):
            verdict = there.verdict(BOUND)
        late = late_repeats(list(verdict.evidence.log))
        ledger.control("3", "newest version does not win", f"{late} late repeats", verdict.differences)


@contextmanager
def sleeping_projector(world: World, there: Scene, *changes: str) -> Iterator[Service]:
    """The first process stops with a batch in hand; the group gives its partitions to the second one, which projects them."""
    with world.changed("readmodel", "stops-before-transaction=40", *changes) as sleeper:
        await_stop([sleeper.child])
        with world.replica("readmodel"):
            wait_until(lambda: projects_all(world, there), within=150)
            there.reach(OTHERS_FIRST)
            go_on(sleeper.child)
            there.reach(30)
            yield sleeper


def projects_all(world: World, there: Scene) -> bool:
    """Whether somebody has projected what was answered by now, in every partition."""
    newest = list(list(there.load.answered)[-40:-20])
    with world.cluster.engines.mongo.client() as client:
        found = client["readmodel"][live(world.cluster.engines).name_of("concerns")].find({"id": {"$in": [answer.id for answer in newest]}})
        stands = {each["id"]: each["version"] for each in found}
    return all(stands.get(answer.id, 0) >= answer.version for answer in newest)


def test_row_5_a_projector_that_slept_past_its_session_aborts(one: World, ledger: Ledger) -> None:
    with scene(one) as there, watched(one.cluster.engines, "readmodel", "positions") as positions:
        with sleeping_projector(one, there):
            lost = one.log_of("readmodel").count("partition_lost")
            verdict = there.verdict(BOUND)
        assert lost, "the zombie met nobody's position"
        assert went_back(positions) == []
        ledger.fault("5", "SIGSTOP the projector past its session, SIGCONT", f"{lost} transactions of the zombie aborted", verdict)


def test_row_5_bites_when_the_position_is_not_compared(one: World, ledger: Ledger) -> None:
    with scene(one) as there, watched(one.cluster.engines, "readmodel", "positions") as positions:
        with sleeping_projector(one, there, "position-not-compared"):
            there.reach(10)
        ledger.control("5", "position not compared", "the zombie's transaction committed", went_back(positions))
