"""What can be asked of the read model, and how it is answered, without any database."""

import csv
import io
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chassis.documents import operations, without_example
from chassis.principal import Role
from chassis.problems import Refusal
from contracts.meeting import Meeting
from contracts.places import Organisation
from readmodel import cursors
from readmodel.access import Reader
from readmodel.api import ROUTERS, examples
from readmodel.api.asking import Patience, seconds
from readmodel.api.sheets import sheet, wanted
from readmodel.arrivals import Arrivals
from readmodel.filters import ConcernFilters, MeetingFilters, Period
from readmodel.mergers import standing
from readmodel.projections import MODELS
from readmodel.store import INDEXES
from readmodel.views.linking import Chain, linked


@pytest.fixture
def document() -> dict[str, Any]:
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    return app.openapi()


def test_every_operation_has_a_worked_example_and_words(document: dict[str, Any]) -> None:
    assert without_example(document) == []
    assert all(operation.get("description") for _, operation in operations(document))


def test_every_operation_of_the_interface_is_there(document: dict[str, Any]) -> None:
    lists = {"meetings", "concerns", "actions", "organisations", "neighbourhoods", "feedback"}
    singular = {name: name.removesuffix("s") for name in lists}

    wanted = {f"/v1/{name}" for name in lists} | {f"/v1/{name}/{{{singular[name]}_id}}" for name in lists}
    catalogue = {f"/catalog/{each}" for each in ("schemas", "schemas/{name}", "examples/{name}", "asyncapi.json")}
    assert document["paths"].keys() == wanted | catalogue | {"/v1/meetings/{meeting_id}/chain", "/v1/summary", "/v1/coverage", "/v1/events"}


def test_the_filters_of_the_interface_are_parameters_of_the_lists(document: dict[str, Any]) -> None:
    named = {each["name"] for each in document["paths"]["/v1/concerns"]["get"]["parameters"]}

    assert named >= {
        "force",
        "from",
        "to",
        "status",
        "category",
        "organisation",
        "neighbourhood",
        "q",
        "limit",
        "cursor",
        "sensitive",
        "meeting",
    }


def test_the_example_of_the_chain_is_a_chain() -> None:
    shown = examples.chain()

    assert Chain.model_validate(shown).model_dump(mode="json") == shown
    assert shown["attendance"]["in_words"] == "11 organisations, 2 of them named, 24 people"
    assert shown["concerns"][0]["actions"] == [shown["actions"][0]["id"]]
    assert shown["summary"]["done"] == 1
    assert examples.coverage()["met_not_named"] == 9


def test_an_empty_chain_is_a_chain() -> None:
    found = linked(dict.fromkeys(MODELS, ()), [])

    assert (found.meeting, found.attendance, found.summary.concerns) == (None, None, 0)


@pytest.mark.parametrize(("text", "length"), [("2s", 2.0), ("500ms", 0.5), ("10s", 10.0), ("0s", 0.0), ("0.25s", 0.25)])
def test_a_wait_is_written_in_seconds_or_milliseconds(text: str, length: float) -> None:
    assert seconds(text) == length


def test_one_waits_two_seconds_for_a_version_and_not_at_all_for_whatever_is_there() -> None:
    assert (Patience(min_version=3).seconds, Patience().seconds, Patience(min_version=3, wait="1s").seconds) == (2.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("from_", "to", "since", "until"),
    [("2025-03", "2025-03", "2025-03-01", "2025-03-31"), ("2025-03-15", None, "2025-03-15", None), (None, "2024-02", None, "2024-02-29")],
)
def test_a_month_stands_for_its_first_and_last_day(from_: str | None, to: str | None, since: str | None, until: str | None) -> None:
    period = Period(from_=from_, to=to)

    assert (period.since, period.until) == (since, until)


def test_a_filter_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        MeetingFilters.model_validate({"knid": ["iag"]})


def test_every_filter_compares_a_field_that_an_index_holds() -> None:
    for filters in (MeetingFilters, ConcernFilters):
        held = {field for keys, _ in INDEXES[filters.model.collection].values() for field, _ in keys}

        assert set(filters.paths.values()) <= held


@given(st.tuples(st.booleans(), st.text(), st.text()))
def test_a_cursor_comes_back_as_it_was(place: tuple[bool, str, str]) -> None:
    assert cursors.read(cursors.written(place), TypeAdapter(tuple[bool, str, str]), "cursor") == place


@given(st.text(max_size=60))
def test_garbage_is_no_cursor_and_says_so(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        cursors.read(text, TypeAdapter(tuple[bool, str, str]), "cursor")

    assert (refused.value.status, refused.value.errors[0].parameter) == (422, "cursor")


@pytest.mark.parametrize(
    ("accept", "sheets"),
    [
        ("text/csv", True),
        ("text/csv, application/json", True),
        ("application/json, text/csv", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        ("TEXT/CSV; q=0.9", True),
        ("text/csv;q=0", False),
        ("text/csv;q=0, */*", False),
        ("text/csv;q=0.5, application/json", False),
        ("application/json;q=0.5, text/csv", True),
        ("application/json;q=0, */*;q=0.1", True),
        ("text/*, application/json;q=0.9", True),
        ("text/csv;q=0, application/json;q=0", False),
    ],
)
def test_a_sheet_is_for_those_who_ask_for_it_before_json(accept: str, *, sheets: bool) -> None:
    assert wanted(accept) is sheets


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_no_cell_of_a_sheet_begins_a_formula(name: str) -> None:
    written = sheet(Organisation, [{"id": "1", "force": "kent", "name": name}])

    [row] = list(csv.DictReader(io.StringIO(written, newline="")))
    assert row["name"].lstrip("'") == name.lstrip("'")
    assert not row["name"].startswith(("=", "+", "-", "@"))


def test_a_sheet_has_its_own_lines_and_what_is_nested_in_one_cell() -> None:
    written = sheet(
        Meeting, [{"id": "1", "hosts": ["Chief Constable", "Commissioner"], "venue": {"name": "Darby House"}, "sensitive": False}]
    )

    [row] = list(csv.DictReader(io.StringIO(written, newline="")))
    assert (row["hosts"], row["venue"], row["sensitive"], row["minutes"]) == (
        "Chief Constable; Commissioner",
        '{"name": "Darby House"}',
        "false",
        "",
    )
    assert written.count("\r\n") == 2


def test_a_reader_may_ask_for_what_is_granted_and_sees_all_of_it_when_asking_for_nothing() -> None:
    reader = Reader("ada", {"kent": frozenset({Role.READER}), "essex": frozenset({Role.RECORDER})})

    assert reader.scope([]) == ("kent", "essex")
    assert reader.scope(["kent", "kent"]) == ("kent",)
    with pytest.raises(Refusal) as refused:
        reader.scope(["kent", "surrey"])
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("into", "end"), [({}, "a"), ({"a": "b"}, "b"), ({"a": "b", "b": "c"}, "c"), ({"a": "b", "b": "a"}, "b"), ({"a": "a"}, "a")]
)
def test_the_one_that_stands_is_at_the_end_of_the_mergers(into: dict[str, str], end: str) -> None:
    assert standing("a", into) == end


def test_news_reaches_those_who_wait_for_a_record_and_nobody_else() -> None:
    arrivals = Arrivals()
    with arrivals.expecting(["kent:1"]) as mine, arrivals.expecting(["kent:2"]) as other:
        arrivals.announce(["kent:1"])

        assert (mine.is_set(), other.is_set()) == (True, False)
    assert arrivals._waiting == {}
