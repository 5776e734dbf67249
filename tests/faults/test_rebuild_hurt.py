"""Row 14: a full rebuild under load, killed during the swap; new is as old, and nothing was sent to anyone."""

from collections import Counter

import pytest

from readmodel.model import Ended, Outcome
from roundtable.rebuilding import ask, follow
from tests.faults.scene import Scene, live, scene
from tests.faults.signals import await_death
from tests.faults.table import Ledger
from tests.faults.world import World

pytestmark = pytest.mark.faults
BOUND = 20.0
"""Seconds. By then a rebuild has ended: the one who watched it is told of that first."""


@pytest.fixture(autouse=True)
def sound(one: World) -> None:
    """A live model that holds what the log does: the controls of other rows have left events out of it."""
    ended = rebuilt(one, ask(one.cluster.engines.provisioning, accepts=True))
    assert ended.outcome is Outcome.SWAPPED, ended


def rebuilt(world: World, wish: str) -> Ended:
    """How a rebuild ended."""
    return follow(world.cluster.engines.provisioning, wish, lambda _: None)


def killed_in_the_swap(world: World, change: str) -> Ended:
    """Rebuild, with a process that dies around the swap; how it ended, whoever went on."""
    with world.changed("readmodel", change):
        wish = ask(world.cluster.engines.provisioning)
        await_death(world.services["readmodel"].child, within=120)
    return rebuilt(world, wish)


def told_again(there: Scene) -> int:
    """Webhooks that came more than once."""
    return sum(times > 1 for times in Counter(got.webhook_id for path in there.subscribers for got in there.receiver.at(path)).values())


def test_row_14_a_rebuild_under_load_is_killed_around_the_swap(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        before = live(one.cluster.engines)
        there.reach(20)
        ended = [killed_in_the_swap(one, change) for change in ("dies-before-swap", "dies-after-swap")]
        there.reach(20)
        assert [each.outcome for each in ended] == [Outcome.SWAPPED] * 2
        verdict = there.verdict(BOUND)
        assert told_again(there) == 0
        fired = f"killed before and after the swap, build {before.build} to {live(one.cluster.engines).build}, nobody told again"
        ledger.fault("14", "full rebuild under load, kill -9 around the swap", fired, verdict)


def test_row_14_a_rebuild_that_lost_events_does_not_become_the_live_model(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        there.reach(40)
        with one.changed("readmodel", "builds-with-gaps"):
            ended = rebuilt(one, ask(one.cluster.engines.provisioning))
        ledger.fault("14", "a build that leaves events out", f"{ended.outcome}: {ended.why[:60]}", there.verdict(BOUND))
        assert ended.outcome is Outcome.FAILED


def test_row_14_bites_when_what_was_built_is_not_verified(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        there.reach(40)
        with one.changed("readmodel", "builds-with-gaps", "verifies-nothing"):
            ended = rebuilt(one, ask(one.cluster.engines.provisioning))
        ledger.control("14", "the new model is not verified", f"{ended.outcome}", there.verdict(BOUND).differences)
