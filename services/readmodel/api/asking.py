"""What every question has at hand: the read model, who asks, and what the registry grants them now."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final

from fastapi import Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.visit import Visit, Visiting
from contracts.entry import problem
from readmodel.access import Reader
from readmodel.parts import Parts, parts
from readmodel.store import Store

LONGEST_WAIT: Final = 10.0
USUAL_WAIT: Final = 2.0
WRONG_DURATION: Final = problem("wrong_duration", "Must be at most 10 seconds, written as 2s or 500ms")
_DURATION: Final = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(ms|s)")


@dataclass(frozen=True)
class Asking:
    """One admitted question."""

    visit: Visit

    @property
    def parts(self) -> Parts:
        """The parts of this process."""
        return parts(self.visit.runtime)

    @cached_property
    def store(self) -> Store:
        """The model that is live as the question is asked; it is answered from that one to its end."""
        return self.parts.store

    def reader(self) -> Reader:
        """Who asks, with the grants of this moment."""
        return Reader.of(self.visit.runtime.registry, self.visit.principal)


async def asking(visit: Visiting) -> Asking:
    """The question of an admitted request."""
    return Asking(visit)


Asked = Annotated[Asking, Depends(asking)]


def seconds(duration: str) -> float:
    """Seconds of `2s` or `500ms`."""
    found = _DURATION.fullmatch(duration)
    length = float("inf") if found is None else float(found[1]) / (1000 if found[2] == "ms" else 1)
    if length > LONGEST_WAIT:
        raise WRONG_DURATION
    return length


def _duration(text: str) -> str:
    seconds(text)
    return text


class Patience(BaseModel):
    """Which version of a record to wait for, and how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_version: int = Field(1, ge=1, lt=10**10, description="The version that must be there: that of `X-Roundtable-Version`")
    wait: Annotated[str, AfterValidator(_duration)] | None = Field(
        None, description="At most `10s`; `2s` when a version is named", examples=["2s"]
    )

    @property
    def seconds(self) -> float:
        """How long to wait."""
        if self.wait is not None:
            return seconds(self.wait)
        return USUAL_WAIT if "min_version" in self.model_fields_set else 0.0
