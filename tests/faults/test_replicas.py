"""`make replicas MINUTES=n`: two of every service, one killed each minute, under 100 writes a second: every 201 is found, none twice."""

import itertools
import os
import signal
import time
from collections import Counter
from contextlib import ExitStack

import pytest

from roundtable.native.services import NAMES
from tests.faults.scene import Scene, scene
from tests.faults.supervision import supervised
from tests.faults.table import Ledger
from tests.faults.world import World

BOUND = 120.0
RATE = float(os.environ.get("RATE", "100"))
CLIENTS = 32
EVERY_SECONDS = 60.0


def kill_in_turn(world: World, there: Scene, until: float) -> Counter[str]:
    """Kill one process each minute, a service after the other, its first and its second one by turns; how often which."""
    killed: Counter[str] = Counter()
    for name in itertools.cycle([*NAMES, *(f"{name}:2" for name in NAMES)]):
        there.load.wait(min(EVERY_SECONDS / 2, until - time.monotonic()))
        if time.monotonic() >= until:
            return killed
        os.kill(world.services[name].child.pid, signal.SIGKILL)
        killed[name.partition(":")[0]] += 1
        there.load.wait(min(EVERY_SECONDS / 2, until - time.monotonic()))
    return killed


@pytest.mark.faults
@pytest.mark.skipif("MINUTES" not in os.environ, reason="runs when it is asked for: make replicas MINUTES=10")
def test_with_two_of_everything_and_one_killed_each_minute_every_answer_is_found_once(one: World, ledger: Ledger) -> None:
    minutes = float(os.environ["MINUTES"])
    with ExitStack() as stack:
        for name in NAMES:
            stack.enter_context(one.replica(name))
        there = stack.enter_context(scene(one, clients=CLIENTS, rate=RATE))
        stack.enter_context(supervised(one))
        began = time.monotonic()
        killed = kill_in_turn(one, there, began + 60 * minutes)
        rate = len(there.load.answered) / (time.monotonic() - began)
        verdict = there.verdict(BOUND, told=True)
    made = len({answer.id for answer in there.load.answered})
    waiting = sum(each["status"] == "pending" for each in verdict.evidence.deliveries)
    fired = f"{sum(killed.values())} kills ({', '.join(f'{name} {count}' for name, count in killed.items())})"
    print(  # noqa: T201 - the result that the command is run for
        f"\n{fired}; {rate:.0f} writes a second answered, {len(there.load.answered)} in all, {made} concerns;"
        f" {len(there.load.failures)} attempts failed and were sent again;"
        f" of {len(verdict.evidence.deliveries)} deliveries {waiting} were not sent yet; {verdict}"
    )
    ledger.fault("two", f"two of everything, one killed each minute, {RATE:g} writes/s", fired, verdict)
