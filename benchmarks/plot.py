"""The plot: each ratio as a bar on a logarithmic scale, with the span of its rounds and a mark for its aim. Plain SVG."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from benchmarks.figures import Figure

WIDTH, LEFT, ROW, TOP = 900, 380, 30, 34
_LOWEST, _HIGHEST = 0.1, 20.0
_TICKS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_COLOURS: Final = {True: "#2a7f62", False: "#b5493c", None: "#6b7785"}


def drawn(figures: Sequence[Figure]) -> str:
    """The ratios of all figures that have one, as an SVG document."""
    compared = [figure for figure in figures if figure.ratios]
    height = TOP + ROW * len(compared) + 30
    body = "\n".join([*_scale(height), *(line for place, figure in enumerate(compared) for line in _bar(figure, TOP + place * ROW))])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" role="img">'
    title = "<title>Each figure as a multiple of what it stands beside; the line shows its rounds, the dark mark its aim</title>"
    return f'{head}\n{title}\n<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'


def _scale(height: int) -> Iterator[str]:
    for tick in _TICKS:
        at, weight = _across(tick), 2 if tick == 1 else 1
        yield f'<line x1="{at:.1f}" y1="{TOP - 6}" x2="{at:.1f}" y2="{height - 24}" stroke="#d5dae0" stroke-width="{weight}"/>'
        yield f'<text x="{at:.1f}" y="{height - 8}" text-anchor="middle" fill="#444444">{tick:g}</text>'


def _bar(figure: Figure, top: int) -> Iterator[str]:
    begin, end = sorted((_across(1), _across(figure.judged)))
    middle, colour = top + ROW / 2 - 4, _COLOURS[figure.met]
    yield f'<text x="{LEFT - 12}" y="{middle + 5:.1f}" text-anchor="end" fill="#222222">{escape(figure.name)}</text>'
    yield f'<rect x="{begin:.1f}" y="{top}" width="{max(2.0, end - begin):.1f}" height="{ROW - 9}" fill="{colour}" opacity="0.8"/>'
    low, high = _across(min(figure.ratios)), _across(max(figure.ratios))
    yield f'<line x1="{low:.1f}" y1="{middle:.1f}" x2="{high:.1f}" y2="{middle:.1f}" stroke="#222222" stroke-width="1.5"/>'
    if figure.aim is not None:
        aim = _across(figure.aim.bound)
        yield f'<line x1="{aim:.1f}" y1="{top - 3}" x2="{aim:.1f}" y2="{top + ROW - 6}" stroke="#111111" stroke-width="3"/>'


def _across(ratio: float) -> float:
    bounded = min(max(ratio, _LOWEST), _HIGHEST)
    return LEFT + (WIDTH - LEFT - 30) * math.log(bounded / _LOWEST) / math.log(_HIGHEST / _LOWEST)
