"""The table of metrics in `docs/operating.md`, written from the one catalogue, so that it names what there is."""

import re
from typing import Final

from chassis import metrics

_PLACE: Final = re.compile(r"(<!-- metrics: written by `make graph` -->\n).*?(<!-- end of metrics -->)", re.DOTALL)


def with_metrics(page: str) -> str:
    """The page, with the table as it is now between its two comments; raises ValueError when they are not there."""
    written, places = _PLACE.subn(lambda place: f"{place[1]}\n{metrics_table()}\n{place[2]}", page)
    if places != 1:
        message = "docs/operating.md must hold the comments that say where the table of metrics begins and ends, once"
        raise ValueError(message)
    return written


def metrics_table() -> str:
    """A row for each metric of the catalogue: its full name, its labels, its kind and what it means."""
    rows = (f"| `{metrics.PREFIX}{_named(name)}` | {_kind(name)} | {meaning} |" for name, meaning in metrics.CATALOGUE.items())
    return "\n".join(["| metric | kind | what it says |", "|---|---|---|", *rows, ""])


def _named(name: str) -> str:
    labels = getattr(metrics, name)._labelnames  # noqa: SLF001 - the library shows them nowhere else
    return f"{name}{{{','.join(labels)}}}" if labels else name


def _kind(name: str) -> str:
    return type(getattr(metrics, name)).__name__.lower()
