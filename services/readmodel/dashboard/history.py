"""How a meeting came to where it stands: its events, the latest first, those of one kind at one time told as one step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from contracts.dates import LONDON
from contracts.event import name_of
from readmodel.dashboard import words

Event = Mapping[str, Any]
_NAMES: Final = {"concern responded": "first response", "concern response overdue": "first response overdue"}


@dataclass(frozen=True)
class Step:
    """One line of a history."""

    at: str
    what: str
    version: str
    owed: bool


def steps(events: Iterable[Event], titles: Mapping[str, str]) -> list[Step]:
    """The steps of a history, the latest first. `titles`: what each record is about, as far as the reader may know."""
    latest_first = sorted(events, key=lambda event: (str(event["time"]), event["version"]), reverse=True)
    return [_step(list(same), titles) for _, same in groupby(latest_first, key=_kind_and_minute)]


def _kind_and_minute(event: Event) -> tuple[str, str]:
    return str(event["type"]), _local(event)


def _step(same: Sequence[Event], titles: Mapping[str, str]) -> Step:
    first, name = same[0], name_of(str(same[0]["type"])).replace("-", " ")
    what, owed = words.capital(_NAMES.get(name, name)), "overdue" in name
    versions = {f"v{event['version']}" for event in same}
    record = str(first["collection"]).removesuffix("s")
    if len(same) > 1:
        return Step(_local(first), f"{what}, {len(same)} times", f"{record} {versions.pop()}" if len(versions) == 1 else "", owed)
    title = titles.get(str(first["subject"]))
    return Step(_local(first), what + (f": {title}" if title else ""), f"{record} {versions.pop()}", owed)


def _local(event: Event) -> str:
    at = datetime.fromisoformat(str(event["time"]))
    return f"{words.known(words.london_day(at))}, {at.astimezone(LONDON):%H:%M}"
