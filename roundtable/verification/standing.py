"""Waits until the read model and notifications have reached the end of the log, and says how far they are behind if they do not."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chassis.positions import COLLECTION as POSITIONS
from roundtable.provisioning.desk import Provisioning
from roundtable.verification.report import Difference
from roundtable.verification.snapshot import Snapshot, snapshot

WAIT_SECONDS: Final = 15.0
_TICK: Final = 0.1
READERS: Final = ("readmodel", "notifications")
Place = tuple[str, int]
Ends = Mapping[Place, int]
"""The offset after the last event, by topic and partition."""


@dataclass(frozen=True)
class Standing:
    """MongoDB at one instant, and where each reader stood then, in every partition that it took up."""

    at: Snapshot
    positions: Mapping[str, Ends]

    def of(self, reader: str, place: Place) -> int:
        """The offset of the first event that a reader has not handled."""
        return self.positions[reader].get(place, 0)

    def behind(self, force: str, ends: Ends) -> Iterator[Difference]:
        """The partitions whose end a reader has not reached."""
        for reader in READERS:
            for place, end in ends.items():
                if (left := end - self.of(reader, place)) > 0:
                    yield Difference(f"{reader} is {left} events behind", force, ":".join(map(str, place)), f"{reader}.{POSITIONS}")


@contextmanager
def settled(desk: Provisioning, force: str, ends: Ends, seconds: float = WAIT_SECONDS) -> Iterator[Standing]:
    """MongoDB as it is once both readers have reached these ends, or once they were waited for long enough."""
    deadline = time.monotonic() + seconds
    while True:
        with snapshot(desk) as at:
            standing = Standing(at, {reader: _positions(at, reader, force) for reader in READERS})
            if time.monotonic() > deadline or not any(standing.behind(force, ends)):
                yield standing
                return
        time.sleep(_TICK)


def _positions(at: Snapshot, reader: str, force: str) -> Ends:
    """A reader's positions, and of notifications its watermarks: what lies before them was told, whatever is read again."""
    found = {(each["topic"], int(each["partition"])): int(each["offset"]) for each in at.find(reader, POSITIONS, {"force": force})}
    if reader == "notifications":
        told = {each["_id"]: int(each["offset"]) for each in at.find(reader, "watermarks", {"force": force})}
        return {place: max(offset, told.get(":".join(map(str, place)), 0)) for place, offset in found.items()}
    return found


__all__ = ["READERS", "Ends", "Place", "Standing", "settled"]
