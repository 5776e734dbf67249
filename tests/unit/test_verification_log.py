"""What a verification finds of the log, its owners and references, and what it tells of what it found."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.batch import Received
from chassis.parked import parked_id
from contracts import events as e
from contracts.action import Action
from contracts.codec import Message, encode
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.topics import topic
from readmodel.projections import Document
from roundtable.verification.aside import Aside
from roundtable.verification.log import Record, Unreadable, judged
from roundtable.verification.owners import against_log
from roundtable.verification.references import references
from roundtable.verification.report import NAMED, Difference, Kind, Report
from roundtable.verification.sequence import Known, Sequences
from roundtable.verification.shown import as_lines
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


def record(message: Message, **changes: Any) -> Record:
    key, value, headers = encode(message)
    return replace(Record(7, key, value, tuple(headers)), **changes)


def test_an_event_of_the_topics_force_is_one() -> None:
    assert isinstance(judged(record(life()[0]), topic(FORCE), 0), Received)


def why(of: Record, force: str = FORCE) -> Unreadable:
    found = judged(of, topic(force), 0)
    assert isinstance(found, Unreadable)
    return found


def test_an_event_of_another_force_and_what_is_no_event_are_named() -> None:
    message = life()[0]

    assert why(record(message), "essex") == Unreadable("no event: the event is of another force than its topic", {})
    assert why(record(message, value=b"not JSON")).why.startswith("no event: ")
    assert why(record(replace(message, type="engagement.petition-signed.v1"))).why.startswith("no event: this release knows no event")
    assert why(record(message, value=None, headers=())) == Unreadable("no event: the record has no value", {})


def test_of_what_cannot_be_read_the_envelope_tells_the_version_and_so_there_is_no_gap() -> None:
    first, second, third = life()
    sequences, second_in_log = Sequences(), why(record(second, value=b"not JSON"))

    found = [*sequences.add_unreadable(second_in_log.event, topic(FORCE), 0)]
    found += [each for event in in_log(first, third) for each in sequences.add(event)]

    assert [*found, *sequences.gaps()] == []
    [known] = sequences.known.values()
    assert (known.model, known.version, known.event) == (Concern, 3, third.id)


def test_what_was_put_aside_is_known_by_its_place_and_its_content() -> None:
    poison, other = record(life()[0], value=b"not JSON"), record(life()[1])
    place = {"topic": topic(FORCE), "partition": 0, "offset": 7}
    key = parked_id(TopicPartition(topic(FORCE), 0), poison)

    for there in (Aside(parked=({"_id": key, **place},)), Aside(discarded=({"_id": f"{key}:wish", "parked": key, **place},))):
        assert there.has(topic(FORCE), 0, poison)
        assert not there.has(topic(FORCE), 0, other)
        assert not there.has(topic(FORCE), 1, poison)
    assert not Aside().has(topic(FORCE), 0, poison)


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


def test_what_is_parked_is_explained_and_not_clean_and_what_was_given_up_is_both() -> None:
    report = Report()
    report.add(Kind.DISCARDED, [Difference("x", FORCE, "i", "y")])
    assert (report.is_clean, report.is_explained) == (True, True)

    report.add(Kind.PARKED, [Difference("x", FORCE, "i", "y")])
    assert (report.is_clean, report.is_explained) == (False, True)
    assert [state for state, line in as_lines(report) if line.startswith(("parked ", "discarded "))] == ["wait", "note"]

    report.add(Kind.DOCUMENTS, [Difference("x", FORCE, "i", "y")])
    assert (report.is_clean, report.is_explained) == (False, False)
