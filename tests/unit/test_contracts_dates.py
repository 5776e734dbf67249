"""Dates as they are known, and instants as they are written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.dates import end_of_day, instant, span, start_of_day, today

unhurried = settings(max_examples=60, deadline=None)
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@pytest.mark.parametrize(
    ("known", "first", "last"),
    [
        ("2025-05-06", "2025-05-06", "2025-05-06"),
        ("2025-03", "2025-03-01", "2025-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025-02", "2025-02-01", "2025-02-28"),
    ],
)
def test_a_known_date_spans_the_days_that_it_may_mean(known: str, first: str, last: str) -> None:
    assert span(known) == (first, last)


def test_an_unknown_date_spans_nothing() -> None:
    assert span(None) is None


@pytest.mark.parametrize(
    "text", ["", "2025", "2025-13", "2025-02-30", "2025-2-3", "0000-01", "25-05-06", "2025-05-06 ", "٢٠٢٥-٠٣", "2025-05-06T00:00"]
)
def test_what_is_no_known_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        span(text)


@unhurried
@given(st.dates())
def test_a_day_spans_itself(day: object) -> None:
    assert span(str(day)) == (str(day), str(day))


@unhurried
@given(INSTANTS, INSTANTS)
def test_instants_sort_as_text(one: datetime, other: datetime) -> None:
    assert (instant(one) <= instant(other)) or one > other
    assert len(instant(one)) == len("2025-05-06T18:30:00.000Z")


@unhurried
@given(INSTANTS)
def test_an_instant_is_read_back_to_the_millisecond(at: datetime) -> None:
    assert datetime.fromisoformat(instant(at)) == at - timedelta(microseconds=at.microsecond % 1000)


def test_an_instant_is_written_in_utc() -> None:
    at = datetime(2025, 5, 6, 19, 30, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))

    assert instant(at) == "2025-05-06T18:30:00.123Z"


def test_a_day_is_a_day_in_london() -> None:
    assert today(datetime(2025, 5, 6, 23, 30, tzinfo=UTC)) == "2025-05-07"
    assert today(datetime(2025, 1, 6, 23, 30, tzinfo=UTC)) == "2025-01-06"
    assert instant(start_of_day("2025-05-06")) == "2025-05-05T23:00:00.000Z"
    assert instant(end_of_day("2025-05-06")) == "2025-05-06T22:59:59.000Z"
    assert end_of_day("2025-10-26") - start_of_day("2025-10-26") == timedelta(hours=24, minutes=59, seconds=59)
