"""`SEED=n make soak MINUTES=m`: faults at random, and the oracle at the end."""

import os
import random
import secrets
import time

import pytest

from tests.faults.havoc import Havoc
from tests.faults.scene import scene
from tests.faults.supervision import supervised
from tests.faults.table import Ledger
from tests.faults.test_network import through_proxies
from tests.faults.world import World

BOUND = 120.0


@pytest.mark.faults
@pytest.mark.skipif("MINUTES" not in os.environ, reason="runs when it is asked for: make soak MINUTES=5")
def test_after_faults_at_random_the_oracle_holds(one: World, ledger: Ledger) -> None:
    seed = os.environ.get("SEED") or str(secrets.randbelow(1_000_000))
    print(f"\nSEED={seed}", flush=True)  # noqa: T201 - what it takes to do it again
    until = time.monotonic() + 60 * float(os.environ["MINUTES"])
    with through_proxies(one), scene(one) as there, supervised(one):
        havoc = Havoc(one, there, random.Random(seed))  # noqa: S311 - the same faults again for the same seed
        while time.monotonic() < until:
            havoc.strike()
        verdict = there.verdict(BOUND, told=True)
    fired = ", ".join(f"{kind} {count}" for kind, count in sorted(havoc.made.items()))
    print(f"{sum(havoc.made.values())} faults: {fired}; {len(there.load.answered)} requests answered")  # noqa: T201 - as above
    ledger.fault("soak", f"soak, seed {seed}", fired, verdict)
