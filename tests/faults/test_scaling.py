"""More processes and fewer of them, under load: each service gets a second one, and loses the first or the second again."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from roundtable.native.services import NAMES
from roundtable.provisioning.desk import kafka_admin
from tests.faults.scene import Scene, scene
from tests.faults.table import Ledger
from tests.faults.world import World, wait_until

pytestmark = pytest.mark.faults
BOUND = 60.0
"""A process that is stopped keeps its place in its group until its session ends, 30 s: so long its partitions wait."""


def working(world: World, group: str) -> int:
    """How many members of a group hold partitions."""
    admin: Any = kafka_admin(world.cluster.engines.kafka_client("admin"))
    described = admin.describe_consumer_groups([group])[group].result(60)
    return sum(bool(member.assignment.topic_partitions) for member in described.members)


def all_work(world: World) -> bool:
    return all(working(world, group) == 2 for group in ("readmodel", "notifications"))


@contextmanager
def scaled_up(world: World) -> Iterator[None]:
    """A second process of every service; each shares the work."""
    with ExitStack() as stack:
        for name in NAMES:
            stack.enter_context(world.replica(name))
        wait_until(lambda: all_work(world), within=90)
        yield


def exchanged(world: World, there: Scene) -> None:
    """The first processes end in order, one after the other, and come back: the second ones do the work alone meanwhile."""
    for name in NAMES:
        world.stop(name)
        there.reach(10)
        world.revive(name)


def test_scaling_up_and_down_under_load_loses_nothing(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        for _ in range(2):
            there.reach(30)
            with scaled_up(one):
                there.reach(30)
                exchanged(one, there)
            there.reach(30)
        fired = f"up to two of each and down to one, twice; {len(there.load.answered)} requests answered"
        ledger.fault("scale", "two of every service, then one, under load", fired, there.verdict(BOUND))
