"""What a verification finds in the read model, when one thing is changed that was right before."""

import pytest

from chassis.batch import Received
from chassis.recording import stored_id
from contracts import events as e
from readmodel.projections import Document
from readmodel.projector import bucket_of, line, line_id
from readmodel.tally import field_of
from roundtable.verification.folding import Fold, compare_document, compare_figures
from roundtable.verification.history import compare_history, without_line
from roundtable.verification.report import Difference
from tests import builders
from tests.unit.verifying import FORCE, NOW, folded, in_log, life, sent, words

WHERE = "readmodel.concerns_p1"


def test_the_newest_version_is_what_must_be_there_in_any_order_and_however_often() -> None:
    first, second, third = life()
    fold = folded(in_log(first, third, second, third))

    [key] = fold.models
    assert fold.document(key) == {"_id": key, **third.data}


def test_an_erased_record_is_a_stub() -> None:
    concern = builders.concern(FORCE)
    fold = folded(in_log(sent(e.ConcernRaised(concern)), sent(e.ConcernErased(concern.next(erased_at=NOW)))))

    [key] = fold.models
    assert fold.document(key).keys() == {"_id", "id", "force", "version", "erased_at", "last_event"}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"status": "resolved"}, ["differs in status"]),
        ({"status": "resolved", "sealed": {}, "more": 1}, ["differs in more, sealed, status"]),
        ({"version": 2}, ["at version 2"]),
    ],
)
def test_a_field_that_differs_is_named_and_what_stands_in_it_is_not(changes: Document, found: list[str]) -> None:
    expected = {"_id": "kent:c", **life()[2].data}

    assert words(compare_document(expected, expected | changes, WHERE)) == found


def test_a_field_that_is_null_and_one_that_is_not_there_are_not_the_same() -> None:
    expected = {"_id": "kent:c", **life()[2].data, "meeting_id": None}
    without = {name: value for name, value in expected.items() if name != "meeting_id"}

    assert words(compare_document(expected, without, WHERE)) == ["differs in meeting_id"]


def test_one_that_is_missing_is_named_with_its_version() -> None:
    message = life()[2]

    assert list(compare_document({"_id": "", **message.data}, None, WHERE)) == [Difference("missing", FORCE, message.subject, WHERE, 3)]


def buckets(fold: Fold) -> dict[str, Document]:
    found = {}
    for date, figures in fold.figures().items():
        key, bucket = bucket_of(FORCE, 0, date)
        found[key] = {"_id": key, **bucket, "counts": {field_of(figure): number for figure, number in figures.items()}}
    return found


def figures_found(fold: Fold, stored: dict[str, Document]) -> list[Difference]:
    return list(compare_figures(FORCE, 0, fold.figures(), stored, "figures"))


def test_what_equals_a_recount_is_right_and_zeros_need_not_be_there() -> None:
    fold = folded(in_log(*life(), *life()))
    stored = buckets(fold) | {"kent:0:2024-01": {"counts": {"concerns/open": 0}}}

    assert figures_found(fold, stored) == []


def test_a_figure_that_was_changed_is_named_with_its_bucket() -> None:
    fold = folded(in_log(*life()))
    stored = buckets(fold)
    [key] = stored
    stored[key]["counts"]["concerns/open"] += 1

    assert figures_found(fold, stored) == [Difference("not what a recount gives in concerns/open", FORCE, key, "figures")]


def test_a_bucket_too_many_one_too_few_and_one_of_other_days_are_named() -> None:
    fold = folded(in_log(*life()))
    stored = buckets(fold)
    [key] = stored

    assert [each.id for each in figures_found(fold, {})] == [key]
    assert [each.id for each in figures_found(fold, stored | {"kent:0:2024-01": {"counts": {"concerns/open": 1}}})] == ["kent:0:2024-01"]
    stored[key]["last"] = "2030-01-01"
    assert words(figures_found(fold, stored)) == ["not what a recount gives in last"]


def lines_found(events: list[Received], lines: list[Document]) -> list[str]:
    """As a partition is compared: in one stretch."""
    elsewhere = {each["_id"]: each for each in lines if each["_id"] in without_line(events, lines)}
    return words(compare_history(events, lines, elsewhere, FORCE, "history"))


def test_one_line_for_each_event_at_its_first_place_is_right() -> None:
    events = in_log(*(told := life()), told[0])

    assert lines_found(events, [line(event) for event in events[:3]]) == []


def test_a_line_that_was_dropped_is_named() -> None:
    events = in_log(*life())

    assert lines_found(events, [line(events[0]), line(events[2])]) == ["no line of the event at 0:1"]


def test_a_line_of_no_event_is_named() -> None:
    events = in_log(*life())
    lines = [line(event) for event in events] + [line(events[1]) | {"_id": "kent:e"}]

    assert lines_found(events, lines) == ["a line of an event that does not stand at 1"]


def test_an_event_that_stands_twice_may_have_its_line_at_either_place() -> None:
    """Its first place was parked, the second handled, and the first redriven then."""
    events = in_log(*(told := life()), told[0])
    lines = [line(events[1]), line(events[2]), line(events[3])]

    assert lines_found(events, lines) == []


def test_a_line_of_another_partition_is_named() -> None:
    events = in_log(*life())
    lines = [line(event) for event in events]
    lines[2]["partition"], lines[2]["offset"] = 1, 9

    assert "a line of another partition than 0:2" in lines_found(events, lines)


def test_what_a_line_says_wrongly_is_named() -> None:
    events = in_log(*life())
    lines = [line(event) for event in events]
    lines[0] |= {"type": "engagement.concern-closed.v1", "topic": "engagement.essex"}

    assert lines_found(events, lines) == ["a line that differs in topic, type"]


def test_a_line_and_a_document_are_found_under_the_force() -> None:
    [event, *_] = in_log(*life())

    assert line_id(event).startswith(f"{FORCE}:")
    assert stored_id(FORCE, event.message.subject) in folded([event]).models
