"""What a verification finds of the log, its owners and references, and what it tells of what it found."""

from collections import Counter
from typing import Any

import pytest

from chassis.consumer import Received
from contracts import events as e
from contracts.action import Action
from contracts.codec import Message, encode
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.topics import topic
from readmodel.projections import Document
from roundtable.verification.log import judged
from roundtable.verification.owners import against_log
from roundtable.verification.references import references
from roundtable.verification.report import NAMED, Difference, Kind, Report
from roundtable.verification.sequence import Known, Sequences
from tests import builders
from tests.unit.verifying import FORCE, in_log, life, sent


def found(messages: list[Message]) -> list[tuple[str, int | None]]:
    sequences = Sequences()
    found = [difference for event in in_log(*messages) for difference in sequences.add(event)]
    return [(each.what, each.version) for each in (*found, *sequences.gaps())]


def test_repeats_and_late_ones_make_no_gap() -> None:
    first, second, third = life()

    assert found([first, third, second, first, third]) == []


@pytest.mark.parametrize("missing", [1, 2])
def test_the_first_version_that_is_missing_is_named(missing: int) -> None:
    assert found([message for message in life() if message.version != missing]) == [("a gap in the sequence", missing)]


def test_two_events_of_one_version_are_named() -> None:
    concern = builders.concern(FORCE)

    assert found([sent(e.ConcernRaised(concern)), sent(e.ConcernRaised(concern))]) == [("two events of one version", 1)]


DOCUMENT: Document = {"_id": "kent:c", "version": 2, "last_event": {"id": "e2"}}


@pytest.mark.parametrize(
    ("known", "waiting", "found"),
    [
        (Known(Concern, "", 2, "e2"), set(), None),
        (Known(Concern, "", 2, "other"), set(), "of another event than the log's at this version"),
        (Known(Concern, "", 1, "e1"), {"e2"}, None),
        (Known(Concern, "", 1, "e1"), {"e1"}, "neither in the log nor in the outbox"),
        (None, {"e2"}, None),
        (None, set(), "neither in the log nor in the outbox"),
        (Known(Concern, "", 3, "e3"), set(), "older than the log, which is at 3"),
    ],
)
def test_a_version_is_in_the_log_or_waits_in_the_outbox(known: Known | None, waiting: set[str], found: str | None) -> None:
    assert against_log(DOCUMENT, known, frozenset(waiting)) == found


def test_an_event_of_the_topics_force_is_one() -> None:
    key, value, headers = encode(life()[0])

    assert isinstance(judged(value, key, headers, (topic(FORCE), 0, 7)), Received)


def test_an_event_of_another_force_and_what_is_no_event_are_named() -> None:
    key, value, headers = encode(life()[0])

    assert judged(value, key, headers, (topic("essex"), 0, 7)) == "an event of another force"
    assert str(judged(b"not JSON", key, headers, (topic(FORCE), 0, 7))).startswith("no event: ")
    assert str(judged(None, key, [], (topic(FORCE), 0, 7))).startswith("no event: ")


@pytest.mark.parametrize(
    ("model", "document", "found"),
    [
        (Concern, {"meeting_id": "m", "organisation_id": None}, [("meeting_id", "meetings", "m")]),
        (Action, {"answers": ["a", "b"]}, [("answers", "concerns", "a"), ("answers", "concerns", "b")]),
        (Feedback, {"meeting_id": "m"}, [("meeting_id", "meetings", "m")]),
        (
            Meeting,
            {"venue": {"organisation_id": "v"}, "attendance": {"named": [{"organisation_id": "n"}]}},
            [("venue.organisation_id", "organisations", "v"), ("attendance.named.organisation_id", "organisations", "n")],
        ),
        (Meeting, {"sensitive": True}, []),
    ],
)
def test_each_is_told_with_where_it_leads(model: type[Any], document: Document, found: list[tuple[str, str, str]]) -> None:
    assert list(references(model, document)) == found


def test_so_many_are_named_and_all_are_counted() -> None:
    report = Report()
    report.add(Kind.HISTORY, (Difference("x", FORCE, str(number), "y") for number in range(NAMED + 3)))

    section = report.sections[Kind.HISTORY]
    assert (section.differences, len(section.named), section.more) == (NAMED + 3, NAMED, 3)
    assert not report.is_clean


def test_references_that_lead_nowhere_are_no_fault() -> None:
    report = Report()
    report.add(Kind.REFERENCES, [Difference("x", FORCE, "i", "y")])

    assert report.is_clean
    assert Counter(kind for kind, section in report.sections.items() if section.differences) == {Kind.REFERENCES: 1}
