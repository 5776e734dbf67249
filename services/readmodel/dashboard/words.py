"""Facts in words: dates as they are known, counts, spans of time, codes. A page says nothing that these cannot say."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from contracts.dates import LONDON
from contracts.vocabulary import Category, MeetingKind, label

NOT_RECORDED: Final = "date not recorded"
_MONTH_ONLY: Final = len("2025-03")
_SMALL: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS_AS_DAYS: Final = 96
_DAYS_AS_WEEKS: Final = 28
_WEEKS_AS_MONTHS: Final = 26


def known(day: str | None) -> str:
    """A date as it is known: "6 May 2025", "March 2025", "date not recorded"."""
    if day is None:
        return NOT_RECORDED
    year, month, *rest = day.split("-")
    words = f"{_MONTHS[int(month) - 1]} {year}"
    return f"{int(rest[0])} {words}" if rest else words


def weekday(day: str | None) -> str:
    """As `known`, with the day of the week: "Tuesday 6 May 2025"."""
    if day is None or len(day) == _MONTH_ONLY:
        return known(day)
    return f"{_DAYS[date.fromisoformat(day).weekday()]} {known(day)}"


def brief(day: str | None, today: str) -> str:
    """As `known`, without the year when it is this one: "6 May"."""
    words = known(day)
    return words.removesuffix(f" {today[:4]}") if day is not None and len(day) > _MONTH_ONLY else words


def london_day(at: datetime) -> str:
    """The London day of an instant."""
    return at.astimezone(LONDON).date().isoformat()


def clock(at: datetime) -> str:
    """The London time of day: "14:20:07"."""
    return at.astimezone(LONDON).strftime("%H:%M:%S")


def moment(at: datetime) -> str:
    """An instant in London: "14:20 on 18 June 2025"."""
    return f"{at.astimezone(LONDON):%H:%M} on {known(london_day(at))}"


def time_of_day(at: datetime) -> str:
    """A time as a poster has it: "6.30pm", "11am"."""
    local = at.astimezone(LONDON)
    hour, half = (local.hour % 12 or 12), ("am" if local.hour < len(_MONTHS) else "pm")
    return f"{hour}.{local:%M}{half}" if local.minute else f"{hour}{half}"


def raised_on(concern: Mapping[str, Any]) -> str | None:
    """The day on which a concern was raised, as far as it is known; when one that was entered late was noted says nothing of it."""
    if concern.get("raised_on") or concern.get("recorded_late") or not concern.get("raised_at"):
        return concern.get("raised_on")
    return london_day(datetime.fromisoformat(concern["raised_at"]))


def number(amount: int) -> str:
    """A number in running text: words below ten."""
    return _SMALL[amount] if 0 <= amount < len(_SMALL) else f"{amount:,}"


def counted(amount: int, one: str, many: str | None = None) -> str:
    """A count with its noun in digits: "1 concern", "8 concerns"."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def told(amount: int, one: str, many: str | None = None) -> str:
    """A count with its noun in running text: "one concern", "eight concerns"."""
    return f"{number(amount)} {one if amount == 1 else many or one + 's'}"


def capital(text: str) -> str:
    """The text with a capital first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Words of a record as a sentence of their own: a capital, and a full stop unless it ends with one."""
    words = capital(text.strip())
    return words if words.endswith((".", "!", "?", "…")) else words + "."


def listed(items: Sequence[str]) -> str:
    """Several things: "a, b and c"."""
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def days_between(earlier: str, later: str) -> int:
    """Whole days from one day to another."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days


def span_of_days(days: int) -> str:
    """A length of time that is easy to picture: "12 days", "six weeks", "7 months"."""
    weeks = days // 7
    if days < _DAYS_AS_WEEKS:
        return counted(days, "day")
    return counted(weeks, "week") if weeks < _WEEKS_AS_MONTHS else counted(round(days / 30.44), "month")


def span_of_hours(hours: int) -> str:
    """Hours while they are few, then days: "19 hours", "5 days"."""
    return counted(hours, "hour") if hours < _HOURS_AS_DAYS else counted(hours // 24, "day")


def kind(code: str | None) -> str:
    """A kind of meeting in words; one that this version does not know is "Other"."""
    return "Meeting" if code is None else label(code, MeetingKind)


def category(code: str | None) -> str:
    """What a concern is about, in words."""
    return "Concern" if code is None else label(code, Category)


def month(key: str) -> str:
    """Short name of a month, for an axis: "May"."""
    return _MONTHS[int(key[5:7]) - 1][:3]


def in_words(days: int) -> str:
    """A length of time in running text: "six weeks"."""
    amount, unit = span_of_days(days).split(" ")
    return f"{number(int(amount))} {unit}" if amount.isdigit() else f"{amount} {unit}"


def day_of(instant: str) -> str:
    """The London day of an instant as records hold it."""
    return known(london_day(datetime.fromisoformat(instant)))
