"""The steps of a concern, each as short as a test wants it."""

from datetime import timedelta
from typing import Any

import pytest

from concerns import domain
from concerns.domain.refusals import (
    ConcernsError,
)
from contracts.concern import Concern, ConcernAmending, ConcernClosing, ConcernFacts, Progressing, Reopening, Responding, YouSaidWords
from contracts.entry import Patch
from tests.builders import NOW, new_id

LATER = NOW + timedelta(hours=3)
WORDS = YouSaidWords(you_said="You would like to see more patrols.")


def raised(**facts: Any) -> Concern:
    entered = ConcernFacts(**({"category": "patrol-visibility", "said": "patrols are seen too seldom"} | facts))
    return domain.raise_concern(new_id(), "kent", entered, NOW).state


def responded(concern: Concern | None = None) -> Concern:
    return domain.respond_to_concern(concern or raised(), Responding(response="we will walk on Fridays"), LATER).state


def in_progress() -> Concern:
    return domain.progress_concern(raised(), Progressing(progress="patrols have begun")).state


def closed(concern: Concern | None = None, resolution: str = "resolved", of: Concern | None = None) -> Concern:
    return domain.close_concern(concern or raised(), closing(resolution, of.id if of else None), of, LATER).state


def closing(resolution: str = "resolved", duplicate_of: str | None = None) -> ConcernClosing:
    return ConcernClosing(resolution=resolution, reason="patrols take place", decided_by="force", duplicate_of=duplicate_of)


def reopened(concern: Concern | None = None) -> Concern:
    return domain.reopen_concern(concern or closed(), Reopening(reason="no patrols in August"), LATER).state


def amended(concern: Concern, of: Concern | None = None, **changes: Any) -> Concern:
    return domain.amend_concern(concern, Patch(ConcernAmending, changes), of, LATER).state


def refusal(error: type[ConcernsError], pointer: str | None = None) -> Any:
    return pytest.raises(error, check=lambda refused: refused.pointer == pointer)
