"""Merge patches: the laws of RFC 7396, and what an amendment may and may not change."""

from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.concern import Concern, ConcernFacts
from contracts.entry import Patch, PatchOf, extras, merge_patch
from contracts.meeting import Meeting, MeetingAmending, MeetingFacts

ID = "01970000-0000-7000-8000-000000000000"
NAMES = st.sampled_from("abc")
LEAVES = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)
PATCHES = st.dictionaries(NAMES, JSON, max_size=3)
laws = settings(max_examples=60, deadline=None)


def without_null(value: Any) -> Any:
    """A document as a merge patch can make it: no member is null."""
    if not isinstance(value, dict):
        return value
    return {key: without_null(item) for key, item in value.items() if item is not None}


DOCUMENTS = JSON.map(without_null)


@laws
@given(DOCUMENTS)
def test_an_empty_patch_changes_no_object(document: Any) -> None:
    if isinstance(document, dict):
        assert merge_patch(document, {}) == document


@laws
@given(DOCUMENTS, JSON)
def test_a_patch_applied_twice_is_applied_once(document: Any, patch: Any) -> None:
    assert merge_patch(merge_patch(document, patch), patch) == merge_patch(document, patch)


@laws
@given(DOCUMENTS, DOCUMENTS)
def test_a_document_patched_with_another_holds_all_of_it(document: Any, other: Any) -> None:
    merged = merge_patch(document, other)

    assert merge_patch(merged, other) == merged
    assert merged == other if not isinstance(other, dict) else merged.keys() >= other.keys()


@laws
@given(st.dictionaries(NAMES, LEAVES), PATCHES)
def test_null_takes_a_member_out_and_the_rest_stays(document: dict[str, Any], patch: dict[str, Any]) -> None:
    merged = merge_patch(document, patch)

    assert not {name for name, value in patch.items() if value is None} & merged.keys()
    assert all(merged[name] == value for name, value in document.items() if name not in patch)


@laws
@given(PATCHES, PATCHES)
def test_a_patch_leaves_its_target_as_it_was(document: dict[str, Any], patch: dict[str, Any]) -> None:
    before = repr(document)

    merge_patch(document, patch)

    assert repr(document) == before


@pytest.mark.parametrize(
    ("document", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_standard(document: Any, patch: Any, merged: Any) -> None:
    assert merge_patch(document, patch) == merged


def meeting(**fields: Any) -> Meeting:
    return Meeting.from_opened({"id": "7", "force": "kent", "version": 1, "kind": "iag", "title": "Group"} | fields)


def amended(state: Meeting, changes: dict[str, Any]) -> Meeting:
    patch: Patch = TypeAdapter(Annotated[Patch, PatchOf(MeetingFacts)]).validate_python(changes)
    return state.next(**patch.apply(state))


def pointers(state: Meeting, changes: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        amended(state, changes)
    return {"/".join(map(str, error["loc"])): error["type"] for error in refused.value.errors()}


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    before = meeting(venue={"name": "Hall", "locality": "Bradford"}, hosts=["Chief Constable"])

    after = amended(before, {"venue": {"name": "School"}})

    assert after.opened() == before.opened() | {"version": 2, "venue": before.opened()["venue"] | {"name": "School"}}


def test_null_gives_a_field_back_its_default() -> None:
    after = amended(
        meeting(visibility="public", hosts=["Chief Constable"], purpose="talk"), {"visibility": None, "hosts": None, "purpose": None}
    )

    assert (after.visibility, after.hosts, after.purpose) == ("internal", (), None)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"mood": "calm"}, "mood", "unknown_field"),
        ({"status": "held"}, "status", "unknown_field"),
        ({"version": 9}, "version", "unknown_field"),
        ({"venue": {"floor": 2}}, "venue/floor", "unknown_field"),
        ({"title": None}, "title", "missing"),
        ({"kind": "seance"}, "kind", "unknown_code"),
        ({"minutes": "jo@example.org"}, "minutes", "contact_details"),
        ({"attendance": {"heads_total": -1}}, "attendance/heads_total", "out_of_range"),
        ({}, "", "patch"),
        ({"\ud800": 1}, "\N{REPLACEMENT CHARACTER}" * 3, "unknown_field"),
    ],
)
def test_a_patch_is_refused_where_it_could_not_have_been_entered(changes: dict[str, Any], pointer: str, code: str) -> None:
    assert pointers(meeting(), changes) == {pointer: code}


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"sensitive": None}, "sensitive", "not_null"),
        ({"title": {"text": "Group"}}, "title", "string_type"),
        ({"held_on": {}}, "held_on", "string_type"),
        ({"venue": "the hall"}, "venue", "model_type"),
        ({"venue": {"floor": 2}}, "venue/floor", "unknown_field"),
        ({"venue": {"name": {"first": "Darby"}}}, "venue/name", "string_type"),
        ({"attendance": {"named": [{"heads": 1}]}}, "attendance/named/0/organisation_id", "missing"),
        ({"attendance": {"named": [{"organisation_id": ID}], "organisations_total": 0}}, "attendance/organisations_total", "too_few"),
        ({"attendance": {"named": [{"organisation_id": ID}] * 2}}, "attendance/named/1/organisation_id", "named_twice"),
        ({"starts_at": "2025-05-06T18:00:00Z", "ends_at": "2025-05-06T17:00:00Z"}, "ends_at", "ends_before_start"),
    ],
)
def test_what_is_wrong_whatever_is_stored_is_refused_before_anything_is_loaded(changes: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PatchOf(MeetingFacts).read(changes)

    assert {"/".join(map(str, error["loc"])): error["type"] for error in refused.value.errors()} == {pointer: code}


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": "2025-05-06T17:00:00Z"},
        {"attendance": {"heads_total": 0}},
        {"venue": {"name": None}},
        {"attendance": None},
        {"hosts": None},
        {"reason": "the hall was flooded"},
    ],
)
def test_what_may_be_right_with_what_is_stored_is_not_refused_before_that_is_known(changes: dict[str, Any]) -> None:
    assert PatchOf(MeetingAmending).read(changes).changes == changes


@pytest.mark.parametrize("body", [[], "text", None, 7])
def test_a_patch_is_an_object(body: Any) -> None:
    with pytest.raises(ValidationError, match="merge patch"):
        TypeAdapter(Annotated[Patch, PatchOf(MeetingFacts)]).validate_python(body)


def test_a_patch_tolerates_unknown_fields_that_are_stored_within_what_it_changes() -> None:
    before = meeting(venue={"name": "Hall", "floor": 2}, attendance={"named": [{"organisation_id": "1", "mood": "calm"}]})

    after = amended(before, {"venue": {"name": "School"}, "title": "Two"})

    assert after.opened()["venue"]["floor"] == 2
    assert after.attendance == before.attendance


def test_a_name_that_is_stored_within_a_part_excuses_no_missing_field() -> None:
    before = meeting(venue={"name": "Hall", "title": "unknown here"})

    assert pointers(before, {"title": None}) == {"title": "missing"}


def test_a_stored_code_that_nobody_knows_is_let_be_and_cannot_be_entered() -> None:
    before = meeting(kind="seance")

    assert amended(before, {"title": "Two"}).kind == "seance"
    assert pointers(before, {"kind": "seance"}) == {"kind": "unknown_code"}
    assert amended(before, {"kind": "briefing"}).kind == "briefing"


def test_a_patch_knows_what_it_touches() -> None:
    patch = Patch(ConcernFacts, {"said": None})

    assert patch.touches("said", "category")
    assert not patch.touches("category")


def test_unknown_names_are_found_at_every_depth() -> None:
    state = Concern.from_opened(
        {"id": "7", "force": "kent", "version": 1, "mood": 1, "related": [{"force": "kent", "id": "8", "x": {"y": 1}}]}
    )

    assert extras(state) == {"mood", "x"}
