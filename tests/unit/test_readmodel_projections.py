"""The projections: newest wins, figures move by difference, and what is not known is not made up."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import story
from contracts.action import Action
from contracts.codec import Message
from contracts.concern import Concern
from contracts.examples import message, tell
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from readmodel.projections import MODELS, Bucket, Document, Figure, bucket, contribution, fold, movement
from readmodel.tally import Tally, field_of, figure_of
from tests.contracts.states import moderate, opened

STORY = [message(told) for told in tell() if told.variant is None]
SUBJECTS = sorted({sent.subject for sent in STORY})
HELD: Document = {"force": "kent", "id": "m", "version": 1, "status": "held", "kind": "iag", "held_on": "2025-05-06"}


def folded(events: list[Message]) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    for event in events:
        documents[event.subject] = fold(documents.get(event.subject), event)
    return documents


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(STORY), max_size=10))
def test_events_in_any_order_and_repeated_fold_to_the_same_documents(chance: random.Random, repeated: list[Message]) -> None:
    shuffled = [*STORY, *repeated]
    chance.shuffle(shuffled)

    assert folded(shuffled) == folded(STORY)


def test_a_late_duplicate_leaves_the_document_as_it_is() -> None:
    events = [sent for sent in STORY if sent.subject == story.ROUND_TABLE]
    newest = fold(None, events[-2])

    assert fold(newest, events[0]) is newest
    assert fold(newest, events[-2]) is newest


def test_a_document_is_the_wire_form_to_the_letter() -> None:
    raised = next(sent for sent in STORY if sent.type == "engagement.concern-raised.v1")

    document = fold(None, raised)

    assert document.pop("_id") == f"{story.FORCE}:{raised.subject}"
    assert document == raised.data


def test_of_an_erased_record_a_stub_is_left_whatever_the_event_carries() -> None:
    raised = next(sent for sent in STORY if sent.type == "engagement.concern-raised.v1")
    data = raised.data | {"version": 9, "erased_at": "2026-01-01T00:00:00.000Z"}
    careless = Message("e", "engagement.concern-erased.v1", "concerns", raised.time, data)

    document = fold(fold(None, raised), careless)

    assert document.keys() == {"_id", "id", "force", "version", "erased_at", "last_event"}
    assert contribution(Concern, document) == Counter()


@given(st.randoms(use_true_random=False), st.sampled_from(SUBJECTS))
def test_the_sum_of_movements_is_a_recount(chance: random.Random, subject: str) -> None:
    events = [sent for sent in STORY if sent.subject == subject]
    events = [chance.choice(events) for _ in range(12)] + [events[-1]]
    document: Document | None = None
    moved: dict[Bucket, Counter[Figure]] = {}
    model = model_of(events[0])
    for event in events:
        following = fold(document, event)
        for date, figures in movement(model, document, following).items():
            moved.setdefault(date, Counter()).update(figures)
        document = following

    recount = {bucket(model, document): contribution(model, document)}
    assert {date: found for date, figures in moved.items() if (found := nonzero(figures))} == {date: f for date, f in recount.items() if f}


@moderate
@given(st.sampled_from(MODELS).flatmap(lambda model: st.tuples(st.just(model), opened(model), opened(model))))
def test_whatever_a_state_holds_its_figures_move_by_difference(drawn: tuple[type[State], dict[str, Any], dict[str, Any]]) -> None:
    model, before, after = drawn
    moved = movement(model, before, after)

    there = contribution(model, before)
    for figures in moved.values():
        there.update(figures)
    assert nonzero(there) == contribution(model, after)


@moderate
@given(st.sampled_from(MODELS).flatmap(lambda model: st.tuples(st.just(model), opened(model, sensitive=True))))
def test_a_sensitive_record_counts_under_sensitive_alone(drawn: tuple[type[State], dict[str, Any]]) -> None:
    model, document = drawn

    assert contribution(model, document) == Counter({(model.collection, "sensitive"): 1})


def test_a_meeting_that_gets_its_date_moves_to_another_bucket() -> None:
    planned = HELD | {"status": "scheduled", "starts_at": "2025-05-31T23:30:00.000Z", "held_on": None}

    moved = movement(Meeting, planned, HELD)

    assert moved["2025-06-01"]["meetings", "by_status", "scheduled"] == -1
    assert moved["2025-05-06"]["meetings", "by_status", "held"] == 1


@pytest.mark.parametrize(
    ("model", "facts", "known"),
    [
        (Meeting, {"status": "held", "held_on": "2025-03"}, "2025-03"),
        (Meeting, {"status": "held", "held_on": None, "starts_at": "2025-05-06T18:00:00.000Z"}, None),
        (Meeting, {"status": "scheduled", "starts_at": "2025-06-30T23:30:00.000Z"}, "2025-07-01"),
        (Meeting, {"status": "postponed", "starts_at": None}, None),
        (Meeting, {"status": "held", "held_on": "some time in spring"}, None),
        (Concern, {"raised_on": "2025-03", "raised_at": "2025-05-06T18:00:00.000Z"}, "2025-03"),
        (Concern, {"raised_on": None, "raised_at": "2025-05-06T18:00:00.000Z"}, "2025-05-06"),
        (Concern, {"raised_on": None, "raised_at": "2025-05-06T18:00:00.000Z", "recorded_late": True}, None),
        (Action, {"opened_at": "2025-05-06T18:00:00.000Z"}, "2025-05-06"),
        (Action, {"opened_at": "2025-05-06T18:00:00.000Z", "recorded_late": True}, None),
        (Feedback, {"received_at": "2025-05-06T18:00:00.000Z"}, "2025-05-06"),
        (Organisation, {}, None),
    ],
)
def test_figures_stand_under_the_date_as_it_is_known(model: type[State], facts: Document, known: Bucket) -> None:
    assert bucket(model, facts) == known


def test_eleven_mosques_two_of_them_named_are_nine_that_were_met_but_not_named() -> None:
    attendance = {"named": [{"organisation_id": "a"}, {"organisation_id": "b"}], "organisations_total": 11, "heads_total": 24}

    counted = tally(Meeting, HELD | {"attendance": attendance}).attendance

    assert (counted.organisations, counted.named, counted.not_named, counted.heads) == (11, 2, 9, 24)


def test_a_planned_meeting_met_nobody_yet() -> None:
    counted = tally(Meeting, HELD | {"status": "scheduled", "attendance": {"organisations_total": 3}})

    assert (counted.attendance.organisations, counted.meetings.recorded, counted.meetings.held) == (0, 1, 0)


@pytest.mark.parametrize(
    ("responded", "due", "in_time", "late"),
    [
        ("2025-05-09T09:00:00.000Z", "2025-05-09T09:00:00.000Z", 1, 0),
        ("2025-05-09T09:00:00.001Z", "2025-05-09T09:00:00.000Z", 0, 1),
        ("2025-05-09T09:00:00.000Z", None, 0, 0),
    ],
)
def test_a_first_response_is_in_time_late_or_had_no_clock(responded: str, due: str | None, in_time: int, late: int) -> None:
    counted = tally(Concern, {"category": "drugs", "status": "under_review", "responded_at": responded, "response_due": due}).concerns

    assert (counted.responded, counted.responded_in_time, counted.responded_late) == (1, in_time, late)


def test_confidence_is_a_sum_and_a_number_of_answers() -> None:
    counted = tally(Feedback, {"confidence_before": 4, "confidence_after": 2}).feedback

    assert (counted.before_sum, counted.before_count, counted.after_sum, counted.change_sum, counted.change_count) == (4, 1, 2, -2, 1)


def test_a_merged_organisation_is_not_counted_again() -> None:
    counted = tally(Organisation, {"status": "merged", "strand": "muslim"}).organisations

    assert (counted.registered, counted.merged, counted.by_strand) == (0, 1, {})


def test_a_code_that_nobody_knows_yet_is_kept_as_it_is() -> None:
    counted = tally(Concern, {"category": "drone.noise/$set", "status": "weighed"}).concerns

    assert counted.by_category == {"drone.noise/$set": 1}
    assert counted.status_by_category == {"drone.noise/$set": {"weighed": 1}}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4).map(tuple))
def test_a_figure_keeps_its_name_through_a_bucket_and_is_a_field_that_mongodb_takes(figure: Figure) -> None:
    field = field_of(figure)

    assert figure_of(field) == figure
    assert not set(field) & set(".$\x00")


def tally(model: type[State], document: Document) -> Tally:
    return Tally.of({figure_of(field_of(figure)): number for figure, number in contribution(model, document).items()})


def nonzero(figures: Counter[Figure]) -> Counter[Figure]:
    return Counter({figure: number for figure, number in figures.items() if number})


def model_of(event: Message) -> type[State]:
    assert event.model in {Organisation, Neighbourhood, Meeting, Feedback, Concern, Action}
    return event.model
