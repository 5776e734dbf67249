"""Facts in words: a date says what is known of it and nothing more."""

from datetime import UTC, datetime

import pytest

from readmodel.dashboard import words
from readmodel.dashboard.periods import months_to, period


@pytest.mark.parametrize(
    ("known", "told"),
    [("2025-05-06", "6 May 2025"), ("2025-03", "March 2025"), (None, "date not recorded"), ("2024-12-31", "31 December 2024")],
)
def test_a_date_is_told_as_far_as_it_is_known(known: str | None, told: str) -> None:
    assert words.known(known) == told


def test_the_day_of_the_week_is_told_of_a_day_alone() -> None:
    assert [words.weekday(each) for each in ("2025-05-06", "2025-03", None)] == ["Tuesday 6 May 2025", "March 2025", "date not recorded"]


def test_the_year_is_left_out_when_it_is_this_one() -> None:
    assert [words.brief(each, "2025-06-18") for each in ("2025-06-06", "2024-06-06", "2025-03")] == ["6 June", "6 June 2024", "March 2025"]


def test_instants_are_told_in_london() -> None:
    midnight = datetime(2025, 6, 6, 23, 30, tzinfo=UTC)
    assert (words.london_day(midnight), words.clock(midnight), words.moment(midnight)) == ("2025-06-07", "00:30:00", "00:30 on 7 June 2025")
    assert [words.time_of_day(datetime(2025, 1, 6, hour, minute, tzinfo=UTC)) for hour, minute in ((0, 0), (11, 0), (12, 5), (18, 30))] == [
        "12am",
        "11am",
        "12.05pm",
        "6.30pm",
    ]


def test_counts_agree_with_their_nouns() -> None:
    assert [words.counted(each, "concern") for each in (0, 1, 1200)] == ["0 concerns", "1 concern", "1,200 concerns"]
    assert [words.told(each, "entry", "entries") for each in (0, 1, 9, 10)] == ["no entries", "one entry", "nine entries", "10 entries"]
    assert [words.listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("days", "told"), [(0, "0 days"), (1, "1 day"), (27, "27 days"), (43, "6 weeks"), (181, "25 weeks"), (300, "10 months")]
)
def test_a_length_of_time_is_easy_to_picture(days: int, told: str) -> None:
    assert words.span_of_days(days) == told


def test_the_day_on_which_a_late_record_was_entered_is_not_the_day_on_which_it_was_raised() -> None:
    noted = {"raised_at": "2025-05-06T23:30:00.000Z"}
    assert words.raised_on(noted) == "2025-05-07"
    assert words.raised_on(noted | {"recorded_late": True}) is None
    assert words.raised_on(noted | {"recorded_late": True, "raised_on": "2025-03"}) == "2025-03"


def test_a_code_that_nobody_knows_is_other() -> None:
    assert (words.kind("seance"), words.category("noise-from-the-moon"), words.kind("iag")) == (
        "Other",
        "Other",
        "Independent advisory group",
    )


def test_a_period_is_compared_with_as_many_days_before_it() -> None:
    now = period("91", "2025-06-18")
    assert (now.since, now.until, now.told) == ("2025-03-20", "2025-06-18", "20 March 2025 to 18 June 2025")
    assert now.before is not None
    assert (now.before.since, now.before.until) == ("2024-12-19", "2025-03-19")
    assert (period("nonsense", "2025-06-18"), period("all", "2025-06-18").before) == (now, None)


def test_an_axis_holds_twelve_months() -> None:
    assert months_to("2025-02-11") == [f"2024-{each:02}" for each in range(3, 13)] + ["2025-01", "2025-02"]
