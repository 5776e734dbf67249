"""Rows 1 and 2: a process dies around the commit of a request, and between Kafka's acknowledgement and the mark."""

from collections import Counter

import pytest

from tests.faults.scene import Scene, scene
from tests.faults.signals import await_death
from tests.faults.table import Ledger
from tests.faults.world import World

BOUND = 20.0
"""Seconds of recovery. What a process that was killed holds in MongoDB is free after 15 s."""
KILLS = 2


def die_and_come_back(world: World, times: int) -> int:
    """A process that kills itself is started again as often; how often it was killed."""
    for _ in range(times):
        await_death(world.services["concerns"].child)
        assert world.services["concerns"].child.exit_status() == -9
        world.revive("concerns")
    return times


def answered_after_failures(there: Scene) -> int:
    """Requests that a client had to send again."""
    return sum(answer.failures > 0 for answer in there.load.answered)


@pytest.mark.timeout(240)
def test_row_1_an_api_is_killed_after_a_commit_and_the_same_key_returns_one_resource(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        there.reach(10)
        with one.changed("concerns", "dies-after-commit=20"):
            kills = die_and_come_back(one, KILLS)
        fired = f"{kills} kills after a commit, {answered_after_failures(there)} requests sent again"
        assert answered_after_failures(there) >= KILLS
        ledger.fault("1", "kill -9 an API around its commit", fired, there.verdict(BOUND))


@pytest.mark.faults
def test_row_1_bites_without_the_receipt(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("concerns", "dies-after-commit=20", "receipt-not-written"):
            kills = die_and_come_back(one, KILLS)
        ledger.control("1", "receipt not written", f"{kills} kills", there.verdict(BOUND).differences)


def repeated(there: Scene) -> int:
    """Events that stand in the log more than once."""
    return sum(times > 1 for times in Counter(record.id for record in there.evidence().log).values())


@pytest.mark.faults
def test_row_2_a_relay_is_killed_between_acknowledgement_and_mark(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("concerns", "dies-between-send-and-mark=40"):
            kills = die_and_come_back(one, KILLS)
        verdict = there.verdict(BOUND)
        twice = repeated(there)
        assert twice
        ledger.fault("2", "kill -9 the relay between ack and mark", f"{kills} kills, {twice} events twice in the log", verdict)


@pytest.mark.faults
def test_row_2_bites_when_marks_come_before_the_acknowledgement(one: World, ledger: Ledger) -> None:
    with scene(one) as there:
        with one.changed("concerns", "dies-between-send-and-mark=40", "marks-before-ack"):
            kills = die_and_come_back(one, KILLS)
        ledger.control("2", "marks before the ack", f"{kills} kills", there.verdict(BOUND).differences)
