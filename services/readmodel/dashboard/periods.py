"""Periods that figures are shown for, and the months on the axis of a chart."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from readmodel.dashboard import words

EVERYTHING: Final = "all"
CHOICES: Final = (("91", "Last 91 days"), ("365", "Last 12 months"), (EVERYTHING, "Everything recorded"))
_LENGTHS: Final = {"91": 91, "365": 365}
_MONTHS: Final = 12


@dataclass(frozen=True)
class Period:
    """Days that figures are added over; both ends are None where everything counts, undated records too."""

    key: str
    since: str | None
    until: str | None

    @property
    def before(self) -> "Period | None":
        """The period of the same length that ended the day before."""
        if self.since is None:
            return None
        days = _LENGTHS[self.key]
        return Period(self.key, _shift(self.since, -days), _shift(self.since, -1))

    @property
    def told(self) -> str:
        """The period in words."""
        if self.since is None or self.until is None:
            return "Everything recorded, undated records too"
        return f"{words.known(self.since)} to {words.known(self.until)}"

    @property
    def span(self) -> str:
        """The period as part of a heading: "in 91 days"."""
        return {"91": "in 91 days", "365": "in 12 months"}.get(self.key, "since records began")


def period(key: str, today: str) -> Period:
    """The period of a key, ending today; the first of the choices for a key that is none of them."""
    if key == EVERYTHING:
        return Period(EVERYTHING, None, None)
    known = key if key in _LENGTHS else CHOICES[0][0]
    return Period(known, _shift(today, 1 - _LENGTHS[known]), today)


def months_to(last: str) -> list[str]:
    """Twelve months as `YYYY-MM`, the last being that of a day or month."""
    number = int(last[:4]) * 12 + int(last[5:7]) - 1
    return [f"{each // 12:04}-{each % 12 + 1:02}" for each in range(number - _MONTHS + 1, number + 1)]


def _shift(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
