"""Row 10: between the services and the engines stands a network that delays, breaks off and goes dead."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from roundtable.native.services import NAMES
from tests.faults.scene import Scene, scene
from tests.faults.table import Ledger
from tests.faults.world import World

pytestmark = pytest.mark.faults
BOUND = 30.0
"""Seconds of recovery. A connection that is dead is given up by MongoDB's driver after 20 s, by Kafka's after 10 s."""
LATENCY = 0.1
LONGEST_ANSWER = 30.0
"""Seconds within which a caller is told that the database is away: the driver gives a dead connection 20 s."""


@contextmanager
def through_proxies(world: World, *changes: str) -> Iterator[None]:
    """Every service speaks to its engines through the proxies; concerns may be changed."""
    world.exchange_all({name: world.cluster.through_proxies(name) for name in NAMES}, {"concerns": changes})
    try:
        yield
    finally:
        world.exchange_all({}, {})


def misbehave(world: World, there: Scene) -> str:
    """Latency, then resets, then connections that stay open and carry nothing for ever; in words, with their numbers."""
    kafka, mongo = world.cluster.kafka_proxy, world.cluster.mongo_proxy
    for proxy in (kafka, mongo):
        proxy.latency = LATENCY
    there.reach(20)
    for proxy in (kafka, mongo):
        proxy.latency = 0.0
    for proxy in (kafka, mongo, kafka, mongo):
        proxy.reset()
        there.reach(10)
    kafka.stall()
    there.reach(10)
    mongo.stall()
    return f"{LATENCY:g} s each way, {kafka.resets + mongo.resets} resets, {kafka.stalled + mongo.stalled} connections dead for ever"


def longest_attempt(there: Scene, since: float) -> float:
    """For how long a client waited for an answer, at the longest, with all its attempts."""
    return max((answer.seconds for answer in there.load.answered if answer.at > since), default=0.0)


def test_row_10_every_wait_is_bounded(one: World, ledger: Ledger) -> None:
    with through_proxies(one), scene(one) as there:
        there.reach(20)
        since = time.monotonic()
        fired = misbehave(one, there)
        verdict = there.verdict(BOUND)
        assert longest_attempt(there, since) < LONGEST_ANSWER
        ledger.fault("10", "latency, resets, half-open connections", fired, verdict)


def test_row_10_bites_when_a_wait_has_no_bound(one: World, ledger: Ledger) -> None:
    with through_proxies(one, "waits-without-bound"), scene(one) as there:
        there.reach(20)
        one.cluster.kafka_proxy.stall()
        there.reach(10)
        ledger.control("10", "waits without bound", "connections dead for ever", there.verdict(BOUND).differences)
