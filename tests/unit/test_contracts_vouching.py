"""Vouching lets pass what the caller says is not personal data, there and nowhere else; what is stored stays readable."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.codec import Message, decode, encode
from contracts.concern import Concern, ConcernClosing, ConcernFacts
from contracts.entry import Entry, Patch, PatchOf
from contracts.event import EVENTS
from contracts.events import ConcernRaised
from contracts.meeting import Meeting, MeetingAmending, MeetingRecording
from contracts.places import Organisation, OrganisationFacts
from contracts.sealing import DataKey, seal, unseal
from contracts.state import LastEvent
from contracts.vouching import Vouching, vouching
from tests.builders import NOW, new_id

KEY = DataKey("one", bytes(32))
HELPLINE = "The helpline 0300 123 1212 was never answered"
HOME = "They meet at 14 Queen Street, NN16 0AA"
CONCERN = {"category": "drugs"}
MEETING = {"kind": "iag", "title": "Advisory group", "status": "held"}
ENDING = {"resolution": "resolved", "reason": HELPLINE, "decided_by": "force"}


def entered(facts: Any, value: Any, *pointers: str) -> tuple[Any, Vouching]:
    """What may be entered of a value, and what came of vouching for these pointers."""
    with vouching(frozenset(pointers)) as found:
        return TypeAdapter(Entry[facts]).validate_python(value), found


def refusals(facts: Any, value: Any, *pointers: str) -> dict[str, str]:
    """What is refused nevertheless: code by pointer."""
    with pytest.raises(ValidationError) as refused:
        entered(facts, value, *pointers)
    return {"".join(f"/{step}" for step in error["loc"]): error["type"] for error in refused.value.errors()}


def read(facts: Any, changes: Any, *pointers: str) -> Patch:
    """A patch, as it is read under the caller's word for these pointers."""
    with vouching(frozenset(pointers)):
        patch: Patch = TypeAdapter(Annotated[Patch, PatchOf(facts)]).validate_python(changes)
    return patch


def test_a_text_that_is_vouched_for_passes_as_it_was_sent() -> None:
    concern, found = entered(ConcernFacts, CONCERN | {"said": HELPLINE}, "/said")

    assert concern.said == HELPLINE
    assert (found.passed, found.refused) == ({"/said": ("phone",)}, {})


def test_all_that_is_found_in_a_text_passes_with_it() -> None:
    _, found = entered(ConcernFacts, CONCERN | {"said": f"{HELPLINE}. {HOME}; or info@example.org"}, "/said")

    assert found.passed == {"/said": ("email", "phone", "home_address")}


def test_the_same_words_elsewhere_are_refused() -> None:
    meeting = MEETING | {"minutes": HELPLINE, "notes": HELPLINE, "topics": ["parking", HELPLINE]}

    assert refusals(MeetingRecording, meeting, "/minutes", "/topics/0") == {"/notes": "contact_details", "/topics/1": "contact_details"}
    assert refusals(MeetingRecording, meeting) == dict.fromkeys(("/minutes", "/notes", "/topics/1"), "contact_details")
    assert entered(MeetingRecording, meeting, "/minutes", "/notes", "/topics/1")[1].passed.keys() == {"/minutes", "/notes", "/topics/1"}


def test_nothing_but_what_screening_finds_can_be_vouched_for() -> None:
    for said, code in [(f"{HELPLINE}\x07", "control_characters"), (HELPLINE * 600, "too_long"), (" ", "empty"), (7, "string_type")]:
        assert refusals(ConcernFacts, CONCERN | {"said": said}, "/said") == {"/said": code}
    assert refusals(ConcernFacts, CONCERN | {"category": "seance"}, "/category") == {"/category": "unknown_code"}


def test_what_else_is_wrong_is_found_whether_or_not_a_text_is_vouched_for() -> None:
    assert refusals(ConcernFacts, {"said": HELPLINE}, "/said") == {"/category": "missing"}
    assert refusals(ConcernFacts, CONCERN | {"said": HELPLINE, "mood": "calm"}, "/said") == {"/mood": "unknown_field"}
    assert refusals(ConcernClosing, ENDING | {"resolution": "duplicate"}, "/reason") == {"/duplicate_of": "duplicate_of"}
    both = {"category": "seance", "said": HELPLINE}
    assert refusals(ConcernFacts, both, "/said") == {"/category": "unknown_code"}
    assert refusals(ConcernFacts, both, "/category") == {"/category": "unknown_code", "/said": "contact_details"}


def test_what_was_found_in_one_text_is_told_when_another_is_vouched_for() -> None:
    with pytest.raises(ValidationError) as refused:
        entered(ConcernFacts, CONCERN | {"said": HELPLINE, "locality": HOME}, "/said")

    assert [(error["loc"], error.get("ctx")) for error in refused.value.errors()] == [(("locality",), {"found": ["home_address"]})]


@pytest.mark.parametrize("pointers", [("/category",), ("/nothing",), ("/said/0", "/venue/name")])
def test_a_pointer_that_hides_nothing_is_passed_over(pointers: tuple[str, ...]) -> None:
    assert entered(ConcernFacts, CONCERN, *pointers)[1] == Vouching(frozenset(pointers))
    assert refusals(ConcernFacts, CONCERN | {"said": HELPLINE}, *pointers) == {"/said": "contact_details"}


def test_nothing_is_vouched_for_once_the_request_is_over() -> None:
    entered(ConcernFacts, CONCERN | {"said": HELPLINE}, "/said")

    with pytest.raises(ValidationError):
        TypeAdapter(Entry[ConcernFacts]).validate_python(CONCERN | {"said": HELPLINE})


def test_a_refusal_says_what_was_found_and_how_to_go_on_and_never_the_words() -> None:
    with pytest.raises(ValidationError) as refused:
        entered(ConcernFacts, CONCERN | {"said": f"{HOME} or 07700 900123"})

    (error,) = refused.value.errors(include_input=False, include_url=False)
    assert error["ctx"] == {"found": ["phone", "home_address"]}
    assert "a phone number and a postcode with a house number" in error["msg"]
    assert "X-Roundtable-Not-Personal-Data" in error["msg"]
    assert not any(words in str(error) for words in ("Queen", "NN16", "07700", "900123"))


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        (OrganisationFacts, {"name": "Al-Hikam Institute", "address": "12 Bull Royd Lane, BD8 0LH"}),
        (MeetingRecording, MEETING | {"venue": {"name": "The Hall, 14 Queen Street, NN16 0AA", "address": "14 Queen Street, NN16 0AA"}}),
    ],
)
def test_an_address_of_a_body_or_of_a_meeting_leads_to_no_person(facts: Any, value: Any) -> None:
    assert entered(facts, value)[1] == Vouching()


@pytest.mark.parametrize(
    ("facts", "value", "pointer"),
    [
        (OrganisationFacts, {"name": HOME}, "/name"),
        (OrganisationFacts, {"name": "A mosque", "visiting_guidance": [HOME]}, "/visiting_guidance/0"),
        (OrganisationFacts, {"name": "A mosque", "address": "ring 07700 900123"}, "/address"),
        (MeetingRecording, MEETING | {"title": HOME}, "/title"),
        (MeetingRecording, MEETING | {"venue": {"locality": HOME}}, "/venue/locality"),
        (MeetingRecording, MEETING | {"venue": {"address": "write to info@example.org"}}, "/venue/address"),
        (MeetingRecording, MEETING | {"minutes": HOME}, "/minutes"),
        (ConcernFacts, CONCERN | {"said": HOME}, "/said"),
        (ConcernFacts, CONCERN | {"locality": HOME}, "/locality"),
    ],
)
def test_everywhere_else_a_home_is_refused_and_in_an_address_what_is_no_address(facts: Any, value: Any, pointer: str) -> None:
    assert refusals(facts, value) == {pointer: "contact_details"}
    assert entered(facts, value, pointer)[1].passed.keys() == {pointer}


def stored(**facts: Any) -> Meeting:
    """A meeting in which texts stand that were vouched for once."""
    venue = {"name": "Hall", "locality": HELPLINE, "address": "14 Queen Street, NN16 0AA"}
    opened = {"kind": "iag", "title": HELPLINE, "venue": venue, "topics": ["parking", HELPLINE], "minutes": HOME}
    return Meeting.from_opened({"id": "7", "force": "kent", "version": 1, "status": "held"} | opened | facts)


@pytest.mark.parametrize(
    "changes",
    [
        {"notes": "Parking again"},
        {"title": "Advisory group"},
        {"venue": {"name": "Library"}},
        {"venue": {"locality": None}},
        {"topics": ["parking"]},
        {"minutes": None},
    ],
)
def test_a_text_that_is_stored_stands_in_the_way_of_no_amendment(changes: dict[str, Any]) -> None:
    before = stored()

    after = before.next(**read(MeetingAmending, changes).apply(before))

    assert after.venue is not None
    assert (after.venue.locality, after.minutes) == (
        None if changes == {"venue": {"locality": None}} else HELPLINE,
        None if changes == {"minutes": None} else HOME,
    )


def test_an_amendment_vouches_for_what_it_sends_and_no_more() -> None:
    before = stored()
    changes = {"notes": HELPLINE, "venue": {"name": f"Hall, {HELPLINE}"}}

    after = before.next(**read(MeetingAmending, changes, "/notes", "/venue/name").apply(before))

    assert (after.notes, after.venue and after.venue.locality) == (HELPLINE, HELPLINE)
    for pointers in ((), ("/notes",), ("/venue/name",), ("/venue",), ("/minutes", "/title")):
        with pytest.raises(ValidationError):
            read(MeetingAmending, changes, *pointers)


def test_an_amendment_that_sends_a_stored_text_again_vouches_for_it_again() -> None:
    with pytest.raises(ValidationError):
        read(MeetingAmending, {"topics": ["lighting", HELPLINE]})

    assert read(MeetingAmending, {"topics": ["lighting", HELPLINE]}, "/topics/1").apply(stored())["topics"] == ("lighting", HELPLINE)


def test_an_amendment_is_judged_with_what_is_stored_in_all_else() -> None:
    with pytest.raises(ValidationError, match="one of"):
        read(MeetingAmending, {"kind": "seance", "notes": HELPLINE}, "/notes")
    before = stored(attendance={"named": [{"organisation_id": new_id()}]})
    patch = read(MeetingAmending, {"attendance": {"organisations_total": 0}, "notes": HELPLINE}, "/notes")
    with pytest.raises(ValidationError, match="Less than"):
        patch.apply(before)


def test_a_contradiction_within_a_patch_is_found_before_anything_is_loaded() -> None:
    changes = {"starts_at": "2025-05-06T18:00:00Z", "ends_at": "2025-05-06T17:00:00Z", "notes": HELPLINE}

    with pytest.raises(ValidationError, match="after"):
        read(MeetingAmending, changes, "/notes")


@pytest.mark.parametrize("sensitive", [False, True])
def test_what_was_vouched_for_is_sealed_sent_and_read_like_any_text(sensitive: bool) -> None:  # noqa: FBT001 - a parameter of the test
    facts, _ = entered(ConcernFacts, CONCERN | {"said": HOME, "locality": HELPLINE, "sensitive": sensitive}, "/said", "/locality")
    event = LastEvent(id=new_id(), type=ConcernRaised.type, time=NOW)
    concern = Concern.begin(facts, id=new_id(), force="kent", raised_at=NOW).model_copy(update={"last_event": event})

    wire = seal(concern, KEY)
    key, value, headers = encode(Message(event.id, event.type, "concerns", event.time, wire))
    received = decode(value, key, headers)

    assert unseal(EVENTS[received.type].model, received.data, KEY).opened() == concern.opened()
    assert unseal(Concern, seal(concern.next(), KEY), KEY).said == HOME


def test_an_organisation_is_read_as_it_was_entered() -> None:
    facts, _ = entered(OrganisationFacts, {"name": "A mosque", "visiting_guidance": [HELPLINE]}, "/visiting_guidance/0")
    organisation = Organisation.begin(facts, id=new_id(), force="kent", registered_at=NOW)

    assert unseal(Organisation, seal(organisation, KEY), KEY).visiting_guidance == (HELPLINE,)
