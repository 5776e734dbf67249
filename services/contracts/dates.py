"""Dates as they are known: a day, a month, or not at all; never invented. A day is a day in the United Kingdom."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")
_KNOWN: Final = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


def span(known: str | None) -> tuple[str, str] | None:
    """First and last day that a known date may mean: of `2025-03`, `("2025-03-01", "2025-03-31")`.

    Raises:
        ValueError: when the text is neither `YYYY-MM-DD` nor `YYYY-MM`, or no such day exists.
    """
    if known is None:
        return None
    match = _KNOWN.fullmatch(known)
    if match is None:
        message = "a known date is YYYY-MM-DD, or YYYY-MM where only the month is known"
        raise ValueError(message)
    year, month, day = int(match[1]), int(match[2]), match[3]
    if day is not None:
        return (date(year, month, int(day)).isoformat(),) * 2
    first = date(year, month, 1)
    return first.isoformat(), first.replace(day=monthrange(year, month)[1]).isoformat()


def today(now: datetime) -> str:
    """The day that it is in London at an instant."""
    return now.astimezone(LONDON).date().isoformat()


def in_future(known: str | None, now: datetime) -> bool:
    """Whether a known date begins after today; a month does when its first day does. What is not known is not."""
    bounds = span(known)
    return bounds is not None and bounds[0] > today(now)


def end_of_day(day: str) -> datetime:
    """The last second of a London day, as UTC."""
    return datetime.combine(date.fromisoformat(day), time(23, 59, 59), LONDON).astimezone(UTC)


def start_of_day(day: str) -> datetime:
    """The first instant of a London day, as UTC."""
    return datetime.combine(date.fromisoformat(day), time(), LONDON).astimezone(UTC)


def instant(at: datetime) -> str:
    """An instant as it stands in every document and event: UTC, milliseconds, `Z`; it sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
