"""Waits until the read model and notifications have reached the end of the log, and says how far they are behind if they do not."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chassis.positions import COLLECTION as POSITIONS
from readmodel.model import DATABASE, LIVE, MODELS, Model
from readmodel.projections import PROJECTION
from roundtable.errors import OperatorError
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
    """MongoDB at one instant, which model was live then, and where each reader stood in every partition that it took up."""

    at: Snapshot
    live: Model
    positions: Mapping[str, Ends]

    def named(self, collection: str) -> str:
        """The name of a collection of the live model."""
        return self.live.name_of(collection)

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
    """MongoDB as it is once both readers have reached these ends, or once they were waited for long enough.

    Raises:
        OperatorError: another version of Roundtable built the live model.
    """
    deadline = time.monotonic() + seconds
    while True:
        with snapshot(desk) as at:
            live = _live(at)
            standing = Standing(at, live, {reader: _positions(at, reader, force, live) for reader in READERS})
            if time.monotonic() > deadline or not any(standing.behind(force, ends)):
                yield standing
                return
        time.sleep(_TICK)


def _live(at: Snapshot) -> Model:
    found = next(at.find(DATABASE, MODELS, {"_id": LIVE}), None)
    live = Model(PROJECTION) if found is None else Model.of(found)
    if live.projection != PROJECTION:
        message = f"the read model is of projection {live.projection}, and this command knows {PROJECTION}: finish the upgrade first"
        raise OperatorError(message)
    return live


def of_reader(reader: str, live: Model) -> dict[str, int | None]:
    """Which of a reader's positions and parked events count: of the read model, those of the live one."""
    return {"build": live.later_build if reader == DATABASE else None}


def _positions(at: Snapshot, reader: str, force: str, live: Model) -> Ends:
    """A reader's positions, and of notifications its watermarks: what lies before them was told, whatever is read again."""
    found = {
        (each["topic"], int(each["partition"])): int(each["offset"])
        for each in at.find(reader, POSITIONS, {"force": force} | of_reader(reader, live))
    }
    if reader == "notifications":
        told = {each["_id"]: int(each["offset"]) for each in at.find(reader, "watermarks", {"force": force})}
        return {place: max(offset, told.get(":".join(map(str, place)), 0)) for place, offset in found.items()}
    return found
