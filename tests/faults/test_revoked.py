"""Row 19: a grant is revoked while its holder listens, replays, looks, exports and is being told: nothing after that, within seconds."""

import time
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.faults.leaving import Leaver, leaving
from tests.faults.scene import Scene, scene
from tests.faults.table import Ledger
from tests.faults.world import World
from tests.journeys.reaching import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]
BOUND = 5.0
"""Seconds until nothing more is shown. The registry is read every second here, and every five unless that is set."""
RECOVERY = 20.0
BEHIND = 500
"""Events that the replay is behind: many more than fit on the way to a reader who takes none."""
ON_THE_WAY = 300
"""Events that may be on their way to such a reader: the batch that was read last, and what sockets hold."""
_RETRY_SECONDS = 20.0
"""Seconds within which a second attempt is made, if it is: it is due five to six after the first."""


class Revoked(NamedTuple):
    """What came of it: in words, after how many seconds all was over, and what was shown afterwards."""

    fired: str
    seconds: float
    shown: list[str]


def revoked(world: World, there: Scene) -> Revoked:
    """Revoke in the middle of everything."""
    with leaving(world, there, BEHIND) as leaver:
        live, again = len(leaver.live.shown), len(leaver.replay.shown)
        at = leaver.revoke()
        while not leaver.gone() and time.monotonic() < at + BOUND:
            there.load.wait(0.05)
        seconds = time.monotonic() - at
        there.reach(50)
        leaver.replay.reads.set()
        # What was over is looked at last: it was asked for again all the time.
        shown = [*_replayed(leaver, again), *_sent_again(leaver), *_shown_after(leaver, at + seconds)]
        fired = f"{live} events live, {again} of {BEHIND} again and {len(leaver.replay.shown) - again} on their way, 1 webhook tried"
    return Revoked(fired, seconds, shown)


def _shown_after(leaver: Leaver, instant: float) -> list[str]:
    watched = {"the live stream": leaver.live, "a page": leaver.pages, "an export": leaver.export}
    counts = {name: each.after(instant) for name, each in watched.items()}
    return [f"(e) {name} showed something {count} times after the grant was revoked" for name, count in counts.items() if count]


def _replayed(leaver: Leaver, before: int) -> list[str]:
    """What was on its way to a reader who took nothing may come; the rest may not."""
    replay = leaver.replay
    wait_until(lambda: replay.over.is_set() or len(replay.shown) > before + ON_THE_WAY, within=RECOVERY)
    count = len(replay.shown) - before
    return [f"(e) a replay went on for {count} events after the grant was revoked"] if count > ON_THE_WAY else []


def _sent_again(leaver: Leaver) -> list[str]:
    wait_until(lambda: leaver.attempts() > 1 or leaver.delivery()["status"] == "ended", within=_RETRY_SECONDS)
    return (
        [f"(e) a webhook was tried {leaver.attempts()} times, and its owner's grant revoked after the first"]
        if leaver.attempts() > 1
        else []
    )


def test_row_19_a_grant_is_revoked_in_mid_stream_and_in_mid_replay(one: World, ledger: Ledger) -> None:
    with scene(one, clients=8, rate=100) as there:
        gone = revoked(one, there)
        verdict = there.verdict(RECOVERY)
    judged = replace(verdict, differences=[*verdict.differences, *gone.shown], recovery=gone.seconds, bound=BOUND)
    ledger.fault("19", "a grant revoked in mid-stream and in mid-replay", gone.fired, judged)


@pytest.mark.parametrize(
    ("service", "guard"),
    [
        ("notifications", "revocations-not-heeded"),
        ("readmodel", "revocations-not-heeded"),
        ("notifications", "sends-to-whoever-subscribed"),
    ],
)
def test_row_19_bites_when_a_revocation_is_not_heeded(one: World, ledger: Ledger, service: str, guard: str) -> None:
    with one.changed(service, guard), scene(one, clients=8, rate=100) as there:
        gone = revoked(one, there)
    ledger.control("19", f"{guard}, {service}".replace("-", " "), gone.fired, gone.shown)
