"""The steps of a meeting, each as short as a test wants it."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.entry import Entering, Patch
from contracts.meeting import Cancelling, Meeting, MeetingAmending, MeetingRecording, Postponing
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
    return Patch(MeetingAmending, changes)


def entry_refusal(pointer: str, code: str) -> Any:
    """What entry refuses of a meeting, before any rule of the domain is asked."""
    path = tuple(int(step) if step.isdigit() else step for step in pointer.removeprefix("#/").split("/"))
    return pytest.raises(ValidationError, check=lambda refused: (path, code) in [(each["loc"], each["type"]) for each in refused.errors()])


def refusal(error: type[MeetingsError], pointer: str | None = None) -> Any:
    return pytest.raises(error, check=lambda refused: refused.pointer == pointer)
