"""Models: which projection built one, which of its builds it is, and what is known of the one that is wanted next.

Nothing here asks anyone: it is what the document of models says, for the service and for the command line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

DATABASE: Final = "readmodel"
MODELS: Final = "models"
LIVE: Final = "live"
"""The `_id` of the one document that says which model is live; one update of it is the swap."""
WISHES: Final = "rebuilds"
"""The collection of `registry` in which the command line asks for a build, or for the end of one."""
_OF_A_MODEL: Final = re.compile(r"[a-z]+_p\d+(_b\d+)?")
_FIRST: Final = 1


class Phase(StrEnum):
    """How far a build is."""

    BUILDING = "building"
    VERIFYING = "verifying"
    SWAPPING = "swapping"


class Outcome(StrEnum):
    """How a build ended."""

    SWAPPED = "swapped"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Model:
    """A model of everything: the version of its projection, and the number of its build, which no other model ever has."""

    projection: int
    build: int = _FIRST

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The one that a document names; an earlier release named but a projection."""
        return cls(document["projection"], document.get("build") or _FIRST)

    def __str__(self) -> str:
        """How operators read it."""
        return f"build {self.build} of projection {self.projection}"

    def name_of(self, collection: str) -> str:
        """The name of a collection of this model."""
        return f"{collection}_p{self.projection}" + ("" if self.later_build is None else f"_b{self.later_build}")

    @property
    def later_build(self) -> int | None:
        """The build that its positions and parked events are kept as; None for the first, which is kept as if there were no other."""
        return self.build if self.build > _FIRST else None


def belongs_to_a_model(name: str) -> bool:
    """Whether a collection is part of a model, of whichever."""
    return _OF_A_MODEL.fullmatch(name) is not None


@dataclass(frozen=True)
class Wanted:
    """A model that is being built.

    Attributes:
        phase: how far it is; None before anyone has begun.
        done: events that it holds.
        every: events that the log holds.
        rate: events a second, of late.
        accepts: whether it may differ from the live model.
    """

    model: Model
    phase: Phase | None = None
    done: int = 0
    every: int = 0
    rate: float = 0.0
    accepts: bool = False

    @property
    def seconds_left(self) -> float | None:
        """How long the events that are left will take; None while that cannot be told."""
        return (self.every - self.done) / self.rate if self.rate else None


@dataclass(frozen=True)
class Ended:
    """How a build ended, and why; `wish` is whose it was."""

    model: Model
    outcome: Outcome
    why: str
    wish: str | None


@dataclass(frozen=True)
class Retired:
    """A model that was live, and for how many seconds it has not been."""

    model: Model
    seconds: float


@dataclass(frozen=True)
class Standing:
    """Which model is live, which is wanted, how the last build ended, and which models may still be read by requests under way.

    Attributes:
        seconds: how long the live model has been live, if it ever took another's place.
        heard: the last wish of an operator that was heard.
    """

    live: Model
    wanted: Wanted | None = None
    ended: Ended | None = None
    heard: str | None = None
    seconds: float | None = None
    retired: tuple[Retired, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any], now: datetime) -> Self:
        """Read the document; one that an earlier release wrote says only which projection is live."""
        wanted, ended, since = document.get("wanted"), document.get("ended"), document.get("swapped_at")
        return cls(
            Model.of(document),
            None if wanted is None else _wanted(wanted),
            None if ended is None else Ended(Model.of(ended), Outcome(ended["outcome"]), ended["why"], ended.get("wish")),
            document.get("heard"),
            None if since is None else (now - since).total_seconds(),
            tuple(Retired(Model.of(each), (now - each["at"]).total_seconds()) for each in document.get("retired") or ()),
        )

    def gave_up(self, projection: int) -> bool:
        """Whether the last build was of this projection and did not become live: then an operator has to ask for the next."""
        return self.ended is not None and self.ended.model.projection == projection and self.ended.outcome is not Outcome.SWAPPED


def _wanted(document: Mapping[str, Any]) -> Wanted:
    told = {name: document[name] for name in ("done", "every", "rate", "accepts") if name in document}
    return Wanted(Model.of(document), Phase(document["phase"]) if document.get("phase") else None, **told)
