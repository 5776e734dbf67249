"""Row 14: the read model is rebuilt under load, and who rebuilds it dies during the swap, just before it and just after."""

from collections import Counter

import pytest

from readmodel.model import Outcome
from roundtable.live_model import standing
from roundtable.rebuilding import ask, follow
from tests.faults.scene import Scene, scene
from tests.faults.signals import await_death
from tests.faults.table import Ledger
from tests.faults.world import World

pytestmark = pytest.mark.faults
BOUND = 30.0
"""Seconds of recovery. Whoever goes on with a build waits 8 s for the lease of one that died."""
POINTS = ("dies-before-swap", "dies-after-swap")


def live(world: World) -> int:
    """The number of the live build."""
    now = standing(world.cluster.engines.provisioning)
    assert now is not None
    return now.live.build


def rebuilt(world: World, wish: str) -> Outcome:
    """How the build that was asked for ended."""
    return follow(world.cluster.engines.provisioning, wish, lambda _: None).outcome


def killed_in_the_swap(world: World, there: Scene, point: str) -> None:
    """Ask for a rebuild, and have the process that builds die at the swap; another one ends what it began."""
    there.reach(20)
    with world.changed("readmodel", point):
        wish = ask(world.cluster.engines.provisioning)
        await_death(world.services["readmodel"].child)
    assert rebuilt(world, wish) is Outcome.SWAPPED
    there.reach(20)


def told_again(there: Scene) -> int:
    """Webhooks that came more than once."""
    return sum(count > 1 for count in Counter(got.webhook_id for path in there.subscribers for got in there.receiver.at(path)).values())


def test_row_14_a_rebuild_under_load_is_killed_during_the_swap(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        before = live(one)
        for point in POINTS:
            killed_in_the_swap(one, there, point)
        verdict = there.verdict(BOUND)
        assert live(one) == before + len(POINTS)
        assert told_again(there) == 0
        fired = f"killed just before and just after a swap, build {before} to {live(one)}, told again {told_again(there)} times"
        ledger.fault("14", "full rebuild under load, killed during the swap", fired, verdict)


def test_row_14_a_build_that_lost_something_is_not_swapped_in(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        there.reach(40)
        before = live(one)
        with one.changed("readmodel", "builds-amiss"):
            outcome = rebuilt(one, ask(one.cluster.engines.provisioning))
        verdict = there.verdict(BOUND)
        assert (outcome, live(one)) == (Outcome.FAILED, before)
        ledger.fault("14", "a build that lost events", f"it {outcome}, and build {before} stayed live", verdict)


def test_row_14_bites_when_a_model_is_swapped_in_unverified(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        there.reach(40)
        with one.changed("readmodel", "builds-amiss", "swaps-unverified"):
            outcome = rebuilt(one, ask(one.cluster.engines.provisioning))
        differences = there.verdict(BOUND).differences
        healed = rebuilt(one, ask(one.cluster.engines.provisioning, accepts=True))
        assert (outcome, healed) == (Outcome.SWAPPED, Outcome.SWAPPED)
        ledger.control("14", "swapped in unverified", "a build that lost events", differences)
