"""Every secret is exchanged under 50 writes a second: no request fails but those that a client may send again, and nothing is lost."""

import time
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest

from tests.faults.scene import Scene, scene
from tests.faults.secured import run, secured, signed_in_anew
from tests.faults.signals import await_death, kill
from tests.faults.table import Ledger
from tests.faults.world import World

pytestmark = pytest.mark.faults
BOUND = 30.0
RATE = 50.0
CLIENTS = 16
PATIENT_SECONDS = 15.0
"""Longer than a service tries a transaction, so that its client hears what came of it."""
AFTER_EACH = 60
"""Requests that are answered between two exchanges."""
WHILE_EVERYTHING_RUNS = (
    ("passwords",),
    ("certificates",),
    ("authority",),
    ("authority", "--forget"),
    ("issuer",),
    ("keyfile",),
)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with secured(tmp_path_factory.mktemp("tls")) as made:
        yield made


def exchange_all(world: World, there: Scene) -> dict[str, int]:
    """Exchange everything that can be while everything runs; how many attempts failed meanwhile, by what was exchanged."""
    failed = {}
    for words in (*WHILE_EVERYTHING_RUNS, ("keys", "--force", there.force)):
        since = time.monotonic()
        run(world, "rotate", *words)
        there.reach(AFTER_EACH)
        failed[" ".join(words[:2])] = len(there.load.failed_since(since))
    return failed


def start_engines_again(world: World, there: Scene) -> None:
    """Whoever was connected has to sign in with the new passwords, and to trust the new certificates."""
    world.cluster = replace(world.cluster, engines=signed_in_anew(world.cluster.engines))
    for engine in (*world.cluster.members, *world.cluster.brokers):
        kill(engine)
        await_death(engine)
        engine.restart()
        there.reach(AFTER_EACH)
    world.cluster.engines.kafka.await_ready()


def test_every_secret_is_exchanged_under_load(tls: World, ledger: Ledger) -> None:
    with scene(tls, clients=CLIENTS, rate=RATE, patience=PATIENT_SECONDS) as there:
        there.reach(100)
        failed = exchange_all(tls, there)
        start_engines_again(tls, there)
        run(tls, "rotate", "keyfile", "--forget")
        there.reach(AFTER_EACH)
        verdict = there.verdict(BOUND)
    assert {why for _, why in there.load.failures} <= {"503"}
    ledger.fault("rot", f"every secret exchanged, {RATE:g} writes/s", f"attempts that failed: {failed}", verdict)


def test_what_an_earlier_key_signed_ends_when_it_is_forgotten(tls: World) -> None:
    force = tls.new_force()
    run(tls, "rotate", "issuer", "--forget")
    old = tls.token(f"{force}:reader")
    run(tls, "rotate", "issuer")
    assert answered(tls, old, force) == answered(tls, tls.token(f"{force}:reader"), force) == httpx2.codes.OK
    run(tls, "rotate", "issuer", "--forget")
    deadline = time.monotonic() + 15
    while answered(tls, old, force) != httpx2.codes.UNAUTHORIZED:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert answered(tls, tls.token(f"{force}:reader"), force) == httpx2.codes.OK


def answered(world: World, token: str, force: str) -> int:
    return httpx2.get(f"{world.url('readmodel')}/v1/concerns?force={force}", headers={"Authorization": f"Bearer {token}"}).status_code
