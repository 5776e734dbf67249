"""An older replica reads, changes and writes what a newer one wrote, and loses nothing of it."""

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.concern import Concern, ConcernFacts
from contracts.dates import instant
from contracts.entry import Patch
from contracts.fields import Clear, Frame, Instant, Line, Prose, Sealed
from contracts.meeting import Meeting, MeetingFacts, Venue
from contracts.sealing import DataKey, redact, seal, unseal
from contracts.vocabulary import Category
from tests.builders import NOW, new_id
from tests.contracts.states import UNKNOWN, moderate

KEY = DataKey("one", bytes(32))


class NewerVenue(Venue):
    """A venue of a later release, in which one can say how to get in."""

    step_free: Line | None = None


class NewerConcern(Concern):
    """A concern of a later release, with a field of each confidentiality."""

    collection: ClassVar = "concerns"
    followed_up_at: Frame[Instant | None] = None
    ward: Clear[Line | None] = None
    whisper: Sealed[Prose | None] = None


class NewerMeeting(Meeting):
    """A meeting of a later release, with a venue that says more."""

    venue: Clear[NewerVenue | None] = None


def newer(**facts: Any) -> NewerConcern:
    return NewerConcern(
        id=new_id(),
        force="kent",
        version=1,
        **{"category": "drone-noise", "ward": "Ramsgate", "whisper": "by the harbour", "followed_up_at": NOW} | facts,
    )


@pytest.mark.parametrize("sensitive", [False, True])
def test_an_older_reader_keeps_what_a_newer_writer_added(sensitive: bool) -> None:  # noqa: FBT001 - a parameter of the test
    written = newer(sensitive=sensitive)

    older = unseal(Concern, seal(written, KEY), KEY).next(said="lit again")
    back = unseal(NewerConcern, seal(older, KEY), KEY)

    assert (back.ward, back.whisper, back.followed_up_at) == ("Ramsgate", "by the harbour", NOW)
    assert (back.version, back.said, back.category) == (2, "lit again", "drone-noise")


@pytest.mark.parametrize("sensitive", [False, True])
def test_an_older_reader_seals_again_what_a_newer_writer_sealed(sensitive: bool) -> None:  # noqa: FBT001 - a parameter of the test
    older = unseal(Concern, seal(newer(sensitive=sensitive), KEY), KEY)

    wire = seal(older.next(), KEY)

    assert "whisper" not in wire
    assert ("ward" in wire) is not sensitive


@moderate
@given(UNKNOWN, UNKNOWN, st.integers(1, 3))
def test_what_a_newer_version_left_clear_in_a_sensitive_record_stays_clear_and_what_it_sealed_stays_sealed(
    frame: dict[str, Any], secret: dict[str, Any], versions: int
) -> None:
    frame = {f"clear_{name}": value for name, value in frame.items()}
    opened = newer(sensitive=True).opened() | {"id": "7"} | frame | secret
    state = Concern.from_opened(opened, frozenset(secret) | {"whisper", "ward"})

    for _ in range(versions):
        wire = seal(state, KEY)
        assert wire.keys() >= frame.keys() | {"followed_up_at"}
        assert not wire.keys() & (secret.keys() | {"whisper", "ward", "category"})
        state = unseal(Concern, wire, KEY).next(said="lit again")
    assert state.opened().items() >= (frame | secret).items()


def test_an_older_reader_that_makes_a_record_sensitive_seals_what_it_does_not_know() -> None:
    older = unseal(Concern, seal(newer(), KEY), KEY)

    wire = seal(older.next(sensitive=True), KEY)

    assert "ward" not in wire
    assert unseal(NewerConcern, wire, KEY).ward == "Ramsgate"


def test_an_older_reader_that_makes_a_record_ordinary_again_keeps_sealed_what_it_found_sealed() -> None:
    older = unseal(Concern, seal(newer(sensitive=True), KEY), KEY)

    wire = seal(older.next(sensitive=False), KEY)

    assert not wire.keys() & {"ward", "whisper"}
    assert unseal(NewerConcern, wire, KEY).ward == "Ramsgate"


def test_redaction_of_a_sensitive_record_hides_what_this_version_does_not_know() -> None:
    ordinary = seal(newer(), KEY)

    assert "ward" not in redact(Concern, ordinary, sensitive=True)


def test_an_amendment_keeps_the_unknown_fields_of_what_it_changes() -> None:
    venue = NewerVenue(name="Darby House", step_free="by the rear door")
    written = NewerMeeting(id=new_id(), force="kent", version=1, kind="iag", title="Advisory group", venue=venue)
    older = unseal(Meeting, seal(written, KEY), KEY)

    amended = older.next(**Patch(MeetingFacts, {"venue": {"locality": "Wellingborough"}}).apply(older))

    back = unseal(NewerMeeting, seal(amended, KEY), KEY)
    assert back.venue == NewerVenue(name="Darby House", locality="Wellingborough", step_free="by the rear door")


def test_an_amendment_lets_a_newer_code_be_that_it_does_not_touch() -> None:
    older = unseal(Concern, seal(newer(said="unlit"), KEY), KEY)
    assert older.category not in set(Category)

    changed = Patch(ConcernFacts, {"said": "lit again"}).apply(older)

    assert changed == {"said": "lit again"}
    assert older.next(**changed).category == "drone-noise"


def test_an_instant_keeps_its_milliseconds_on_the_way() -> None:
    at = NOW.replace(microsecond=123_000)

    assert seal(newer(followed_up_at=at), KEY)["followed_up_at"] == instant(at) == "2025-05-06T18:30:00.123Z"
