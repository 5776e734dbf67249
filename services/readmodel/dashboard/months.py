"""Meetings held by month and kind, force by force on one scale. What has no month is counted beside the chart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from readmodel.dashboard.charts import Chart, grouped, stacked
from readmodel.dashboard.periods import months_to
from readmodel.views.figures import Month


@dataclass(frozen=True)
class Monthly:
    """A chart for each force. `undated`: meetings held of which no month is known."""

    months: tuple[str, ...]
    charts: Mapping[str, Chart]
    undated: Mapping[str, int]
    earlier: Mapping[str, int]


def monthly(found: Sequence[Month], forces: Sequence[str], today: str | None) -> Monthly:
    """Twelve months: those up to today, or, where no day is given, up to the last one in which a meeting was held."""
    held = [each for each in found if each.figures.meetings.held]
    dated = [each.month for each in held if each.month is not None]
    months = months_to(today or max(dated)) if today or dated else []
    highest = max((each.figures.meetings.held for each in held if each.month in months), default=1)
    charts = {force: _chart([each for each in held if each.force == force], months, highest) for force in forces} if months else {}
    return Monthly(
        months=tuple(months),
        charts=charts,
        undated={force: _held(each for each in held if each.force == force and each.month is None) for force in forces},
        earlier={
            force: _held(each for each in held if each.force == force and each.month is not None and each.month < min(months))
            for force in forces
        },
    )


def _chart(held: Sequence[Month], months: Sequence[str], highest: int) -> Chart:
    counts = {each.month: grouped(each.figures.meetings.held_by_kind) for each in held if each.month is not None}
    return stacked(months, counts, highest)


def _held(those: Iterable[Month]) -> int:
    return sum(each.figures.meetings.held for each in those)
