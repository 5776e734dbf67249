"""Figures, charts and published pairs: each says what its numbers say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from readmodel.dashboard import charts, outcomes, telling
from readmodel.dashboard.months import monthly
from readmodel.dashboard.needs import Sort, needs
from readmodel.dashboard.outcomes import Came
from readmodel.dashboard.periods import months_to
from readmodel.tally import Tally
from readmodel.views.attention import Attention, Sensitive
from readmodel.views.coverage import Contact, Coverage
from readmodel.views.figures import Month, Summary
from readmodel.views.public import Promised, Published

TODAY = "2025-06-18"
NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)
NAMES = {"kent": "Kent Police", "essex": "Essex Police"}


def _tally(**figures: dict[str, Any]) -> Tally:
    return Tally.model_validate(figures)


def _sentence(*tallies: Tally, total: Tally) -> str:
    told = telling.takeaway(total, dict(zip(NAMES, tallies, strict=False)), NAMES)
    return f"{told.strong} {told.rest}".strip()


def test_the_sentence_names_the_force_that_owes_most() -> None:
    kent, essex = _tally(now={"actions_overdue": 6}), _tally(now={"actions_overdue": 3})
    total = _tally(now={"actions_overdue": 9, "nothing_promised": 1}, concerns={"responded_in_time": 7, "responded_late": 1})
    assert _sentence(kent, essex, total=total) == (
        "Nine promises are overdue, six of them in Kent Police, one open concern has nothing promised yet and "
        "88% of first responses came within 72 hours."
    )


def test_the_sentence_names_no_force_when_several_owe_as_much() -> None:
    same = _tally(now={"actions_overdue": 1})
    assert _sentence(same, same, total=_tally(now={"actions_overdue": 2})) == "Two promises are overdue."


def test_the_sentence_says_when_all_is_well_and_when_there_is_nothing() -> None:
    well = _tally(meetings={"recorded": 2, "held": 2}, actions={"by_outcome": {"completed": 1}})
    assert _sentence(well, total=well) == "Nothing is overdue, two meetings were held and one promise was kept in full."
    assert _sentence(_tally(), total=_tally()).startswith("Nothing recorded yet.")


def test_a_change_is_bad_news_only_when_it_is() -> None:
    now, before = (
        _tally(concerns={"raised": 5, "responded_in_time": 1, "responded_late": 1}),
        _tally(concerns={"raised": 9, "responded_in_time": 1}),
    )
    told = {each.name: each for each in telling.panel(now, before, 268)}
    response, raised = told["First response within 72 hours"], told["Concerns raised"]
    assert response.change == telling.Change("▼ 50 points", "was 100%", worse=True)
    assert raised.change == telling.Change("▼ 4", "was 9", worse=False)
    assert told["Organisations met"].of == "of 268"
    assert all(each.change is None for each in telling.panel(now, None, 0))


@pytest.mark.parametrize(
    ("feedback", "told"),
    [
        ({}, "none asked for"),
        ({"change_count": 4}, "too few answers to show"),
        ({"change_count": 5, "before_sum": 10, "before_count": 5, "after_sum": 18, "after_count": 5}, "2.0 → 3.6"),
    ],
)
def test_confidence_is_shown_from_five_answers_on(feedback: dict[str, int], told: str) -> None:
    assert telling.confidence(_tally(feedback=feedback)).value == told


def test_the_national_row_is_shown_while_ten_forces_report() -> None:
    silent = {f"silent-{each}": _tally() for each in range(20)}
    reporting = {str(each): _tally(meetings={"recorded": each + 1, "held": each + 1}) for each in range(10)}
    assert telling.national(silent | dict(list(reporting.items())[:9])) is None
    row = telling.national(silent | reporting)
    assert row is not None
    assert [each.value for each in row] == ["5.5", "0", "0", "too few forces to show", "0", "not shown"]


@given(some.dictionaries(some.sampled_from(months_to("2025-06")), some.tuples(*[some.integers(0, 40)] * 4), max_size=12))
def test_a_chart_and_its_table_hold_the_same_figures(counts: dict[str, tuple[int, ...]]) -> None:
    months = months_to("2025-06")
    chart = charts.stacked(months, counts, max([sum(each) for each in counts.values()] or [1]))
    for column in chart.columns:
        assert column.amounts == counts.get(column.month, (0, 0, 0, 0))
        assert [block.amount for block in column.blocks] == [amount for amount in column.amounts if amount]
        assert all(charts.TOP - 1 <= block.y <= charts.FLOOR for block in column.blocks)
    assert chart.total == sum(sum(each) for each in counts.values())


@given(some.lists(some.integers(0, 500), min_size=1, max_size=5))
def test_a_bar_is_as_long_as_it_is_wide(amounts: list[int]) -> None:
    blocks = charts.bar([(str(place), "#12436D", amount) for place, amount in enumerate(amounts)])
    assert [block.amount for block in blocks] == [amount for amount in amounts if amount]
    assert not blocks or abs(sum(block.width for block in blocks) - 100) < 0.1


def test_every_kind_of_meeting_is_in_one_group() -> None:
    assert charts.grouped({"round_table": 1, "iag": 2, "beat_surgery": 3, "place_of_worship_visit": 4, "seance": 5}) == (3, 4, 3, 5)


def test_months_without_a_day_count_and_those_without_a_month_stand_beside() -> None:
    held = [("2025-05", {"round_table": 1}), ("2023-01", {"iag": 2}), (None, {"iag": 1})]
    found = [
        Month(force="kent", month=month, figures=_tally(meetings={"held": sum(kinds.values()), "held_by_kind": kinds}))
        for month, kinds in held
    ]
    told = monthly(found, ["kent", "essex"], None)
    assert (told.months[-1], told.charts["kent"].total, told.charts["essex"].total) == ("2025-05", 1, 0)
    assert (told.undated, told.earlier) == ({"kent": 1, "essex": 0}, {"kent": 2, "essex": 0})
    assert monthly([], ["kent"], None).months == ()


def _said(name: str, *promises: Promised, status: str = "raised") -> Published:
    return Published(force="kent", id=name, status=status, you_said=f"words of {name}", promises=list(promises))


def _promised(name: str = "a", **facts: Any) -> Promised:
    return Promised(id=name, we_promised="patrol", **{"status": "open", "standing": True} | facts)


@pytest.mark.parametrize(
    ("entry", "came"),
    [
        (_said("c"), Came.NOTHING),
        (_said("c", _promised()), Came.DOING),
        (_said("c", _promised(), _promised("b", due_on="2025-06-17")), Came.LATE),
        (_said("c", _promised(due_on=TODAY)), Came.DOING),
        (_said("c", _promised(status="closed", outcome="completed")), Came.DONE),
        (_said("c", _promised(status="closed", outcome="not_feasible")), Came.NOT),
        (_said("c", status="resolved"), Came.DONE),
        (_said("c", _promised(), status="referred"), Came.NOT),
    ],
)
def test_what_came_of_a_concern_is_the_worst_of_its_promises(entry: Published, came: Came) -> None:
    assert outcomes.came(entry, TODAY) is came


def test_the_same_promise_for_two_concerns_is_one_pair() -> None:
    (pair,) = outcomes.pairs([_said("one", _promised()), _said("two", _promised())], TODAY)
    assert (pair.said, pair.heading, pair.answers, pair.meta) == (
        ("Words of one.", "Words of two."),
        "We promised",
        ("Patrol.",),
        "A standing promise",
    )


def test_what_is_late_is_said_with_its_day_and_what_was_refused_with_its_reason() -> None:
    late, passed = outcomes.pairs(
        [_said("one", _promised(due_on="2025-05-30", owner_role="Council")), _said("two", status="referred")], TODAY
    )
    assert late.meta == "We said we would do this by 30 May, and have not · Council"
    assert (passed.tag, passed.answers) == ("Passed on", ("We passed this on to the body that can decide it.",))


def _needs(figures: dict[str, int], sensitive: Sensitive, *promises: dict[str, Any]) -> list[Sort]:
    late = Attention([], [{"force": "kent", "id": "a", "due_on": "2025-06-01", **each} for each in promises], [], sensitive)
    summary = Summary(total=_tally(now=figures), by_force={})
    return needs(late, Coverage(organisations=[], by_strand={}, by_neighbourhood=[], met_not_named=0), summary, NAMES, NOW)


def test_what_needs_attention_is_headed_by_the_figures_and_sensitive_records_stand_apart() -> None:
    (both,) = _needs({"actions_overdue": 1}, Sensitive(overdue_actions=12), {}, {"sensitive": True})
    (alone,) = _needs({}, Sensitive(overdue_actions=1), {"sensitive": True})

    assert (both.count, both.heading, both.more) == (1, "promise overdue, and 12 sensitive", 11)
    assert (alone.count, alone.heading, alone.more) == (0, "promises overdue, and 1 sensitive", 0)
    assert _needs({}, Sensitive()) == []


@pytest.mark.parametrize(("last", "lapsed"), [("2024-05", True), ("2024-06", False), ("2025-06", False), ("2024-06-17", True)])
def test_an_organisation_met_in_a_month_may_have_been_met_on_its_last_day(last: str, lapsed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    facts = dict.fromkeys(("name", "kind", "strand", "neighbourhood_id", "locality"))
    contact = Contact(force="kent", id="a", met=True, last_contact=last, **facts)
    covered = Coverage(organisations=[contact], by_strand={}, by_neighbourhood=[], met_not_named=0)

    found = needs(Attention([], [], [], Sensitive()), covered, Summary(total=_tally(), by_force={}), NAMES, NOW)

    assert bool(found) is lapsed
