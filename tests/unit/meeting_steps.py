"""The steps of a meeting, each as short as a test wants it."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.entry import Entering, Patch
from contracts.meeting import Cancelling, Meeting, MeetingFacts, MeetingRecording, Postponing
from meetings import domain
from meetings.domain.refusals import (
    MeetingsError,
)
from tests.builders import NOW, new_id

LATER = NOW + timedelta(days=7)
MOSQUES, COUNCIL = new_id(), new_id()


def record(**wish: Any) -> Any:
    entered = {"kind": "round_table", "title": "Round table with leaders of mosques"} | wish
    return domain.record_meeting(new_id(), "kent", MeetingRecording.model_validate(entered, context=Entering()), NOW)


def scheduled(**wish: Any) -> Meeting:
    state: Meeting = record(**wish).state
    return state


def held(**wish: Any) -> Meeting:
    return scheduled(status="held", **wish)


def postponed(**wish: Any) -> Meeting:
    return domain.postpone_meeting(scheduled(), Postponing(**wish), NOW).state


def cancelled() -> Meeting:
    return domain.cancel_meeting(scheduled(), Cancelling(reason="too few came forward"), NOW).state


def patch(**changes: Any) -> Patch:
    return Patch(MeetingFacts, changes)


def refusal(error: type[MeetingsError], pointer: str | None = None) -> Any:
    return pytest.raises(error, check=lambda refused: refused.pointer == pointer)
