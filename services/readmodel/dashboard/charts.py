"""Geometry of the charts: inline SVG without a viewBox, x in percent and y in pixels, so that text never scales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.vocabulary import MeetingKind
from readmodel.dashboard import words

KINDS: Final = {
    "Surgeries, public": (
        "#12436D",
        frozenset({MeetingKind.BEAT_SURGERY, MeetingKind.PUBLIC_MEETING, MeetingKind.CONSULTATION, MeetingKind.ONLINE_SESSION}),
    ),
    "Places of worship": ("#28A197", frozenset({MeetingKind.PLACE_OF_WORSHIP_VISIT})),
    "Round tables, advisory": ("#801650", frozenset({MeetingKind.ROUND_TABLE, MeetingKind.IAG})),
    "All other kinds": ("#F46A25", frozenset[MeetingKind]()),
}
"""Kinds of meeting in four groups of one colour each; the last takes whatever the others lack."""
TOP: Final = 18
FLOOR: Final = 150
_GAP: Final = 1.0


@dataclass(frozen=True)
class Block:
    """One part of a column, or of a bar."""

    name: str
    colour: str
    amount: int
    x: float
    width: float
    y: float = 0
    height: float = 0


@dataclass(frozen=True)
class Column:
    """One month."""

    month: str
    name: str
    letter: str
    total: int
    middle: float
    top: float
    blocks: tuple[Block, ...]
    amounts: tuple[int, ...]
    told: bool


@dataclass(frozen=True)
class Chart:
    """Stacked columns. `ticks`: value and height of each line of the grid."""

    columns: tuple[Column, ...]
    ticks: tuple[tuple[int, float], ...]
    total: int


def grouped(by_kind: Mapping[str, int]) -> tuple[int, ...]:
    """Counts by kind of meeting, in the four groups of the chart."""
    *named, _ = KINDS.values()
    counts = [sum(by_kind.get(kind, 0) for kind in kinds) for _, kinds in named]
    return (*counts, sum(by_kind.values()) - sum(counts))


def stacked(months: Sequence[str], counts: Mapping[str, Sequence[int]], highest: int) -> Chart:
    """Stacked columns, one for each month, on a scale that reaches to `highest`."""
    step = max(1, -(-highest // 3))
    unit = (FLOOR - TOP) / (3 * step)
    totals = {month: sum(counts.get(month, ())) for month in months}
    peak = max(totals, key=lambda month: totals[month])
    columns = [_column(place, month, counts.get(month, (0,) * len(KINDS)), unit, len(months)) for place, month in enumerate(months)]
    told = {peak, next((month for month in reversed(months) if totals[month]), peak)}
    shown = tuple(Column(**{**column.__dict__, "told": column.month in told and column.total > 0}) for column in columns)
    return Chart(shown, tuple((step * each, FLOOR - step * each * unit) for each in range(4)), sum(totals.values()))


def bar(parts: Sequence[tuple[str, str, int]]) -> tuple[Block, ...]:
    """One bar of several parts: name, colour and amount of each; those of nothing are left out."""
    total, x, blocks = sum(amount for _, _, amount in parts), 0.0, []
    for name, colour, amount in parts:
        if amount:
            blocks.append(Block(name, colour, amount, round(x, 2), round(100 * amount / total, 2)))
            x += 100 * amount / total
    return tuple(blocks)


def _column(place: int, month: str, amounts: Sequence[int], unit: float, months: int) -> Column:
    width = 100 / months
    x, y, blocks = place * width + _GAP, float(FLOOR), []
    for (name, (colour, _)), amount in zip(KINDS.items(), amounts, strict=True):
        y -= amount * unit
        if amount:
            blocks.append(
                Block(name, colour, amount, round(x, 2), round(width - 2 * _GAP, 2), round(y, 1), round(max(1.0, amount * unit - 1), 1))
            )
    short = words.month(month)
    return Column(
        month, short, short[0], sum(amounts), round(x + width / 2 - _GAP, 2), round(y, 1), tuple(blocks), tuple(amounts), told=False
    )
