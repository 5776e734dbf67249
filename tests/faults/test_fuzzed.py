"""Row 20: every operation of every service is fuzzed from its document, by tokens that are good and by tokens that are not."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from roundtable.native.services import NAMES
from tests.faults.halves import OWNED, half_written
from tests.faults.scene import Scene, scene
from tests.faults.table import Ledger
from tests.faults.world import World
from tests.journeys.fuzzing import Fuzzed, Visitor, fuzz, things_of, visitors
from tests.journeys.reaching import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))
"""Requests to each operation."""
FEW = 4
RECOVERY = 20.0


@dataclass(frozen=True)
class Target:
    """A force that is fuzzed, beside one that is under load."""

    world: World
    there: Scene
    things: dict[str, str]
    visitors: list[Visitor]

    @property
    def force(self) -> str:
        """The force that the requests name."""
        return self.things["force"]

    def fuzzed(self, service: str, examples: int) -> Fuzzed:
        """What comes of so many requests to each operation of a service."""
        return fuzz(self.world, service, self.things, self.visitors, examples)

    def left_behind(self) -> list[str]:
        """What the requests left half written, once everything that they recorded was published."""
        wait_until(lambda: not self._waiting(), within=RECOVERY)
        return half_written(self.world.cluster.engines, self.force)

    def verified(self) -> list[str]:
        """What `roundtable verify` finds wrong with the force, once it was projected."""
        found = replace(self.there, force=self.force).verified
        wait_until(lambda: not found(), within=RECOVERY)
        return found()

    def _waiting(self) -> int:
        with self.world.cluster.engines.mongo.client() as client:
            return sum(client[owner]["outbox"].count_documents({"force": self.force, "status": "pending"}) for owner in OWNED)


@contextmanager
def target(world: World) -> Iterator[Target]:
    """A force with one record of each kind, to be fuzzed while another one is under load."""
    force = world.new_force()
    with scene(world) as there:
        yield Target(world, there, things_of(world, force), visitors(world, force, there.stranger))


def test_row_20_nothing_that_is_sent_makes_a_service_fail_or_is_half_written(one: World, ledger: Ledger) -> None:
    with target(one) as aim:
        fuzzed = {name: aim.fuzzed(name, EXAMPLES) for name in NAMES}
        verdict = aim.there.verdict(RECOVERY)
        found = [each for of_one in fuzzed.values() for each in of_one.found]
        judged = replace(
            verdict, differences=[*verdict.differences, *found, *aim.left_behind()], verified=[*verdict.verified, *aim.verified()]
        )
    requests = sum((each.requests for each in fuzzed.values()), Counter[str]())
    print(f"\n{requests.total()} requests to {sum(each.operations for each in fuzzed.values())} operations: {dict(requests)}")  # noqa: T201 - as the row says
    ledger.fault("20", "bad input: every endpoint fuzzed", f"{requests.total()} requests by {len(requests)} kinds of token", judged)


def test_row_20_bites_when_an_event_is_not_written_with_its_record(one: World, ledger: Ledger) -> None:
    with target(one) as aim, one.changed("concerns", "outbox-forgotten"):
        fuzzed = aim.fuzzed("concerns", FEW)
        left = aim.left_behind()
    ledger.control("20", "outbox forgotten", str(fuzzed)[:40], left)


def test_row_20_bites_when_any_token_suffices(one: World, ledger: Ledger) -> None:
    with target(one) as aim, one.changed("concerns", "tokens-suffice"):
        fuzzed = aim.fuzzed("concerns", FEW)
    ledger.control("20", "tokens suffice", str(fuzzed)[:40], fuzzed.found)
