"""The threads of a meeting: each concern with what followed, grouped by need. A line runs as far as the concern has come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from contracts.vocabulary import HateStrand, Resolution, Strand, label
from readmodel.dashboard import words
from readmodel.dashboard.stations import Answer, FirstResponse, Promise, Standing, closing, first_response, promise
from readmodel.views.keeping import is_done

Record = Mapping[str, Any]


class Need(IntEnum):
    """What a concern needs; the most pressing first."""

    OVERDUE = 0
    NOTHING = 1
    IN_HAND = 2
    KEPT = 3
    ENDED = 4


@dataclass(frozen=True)
class Marks:
    """Style classes of the four stations of a thread."""

    said: str
    response: str
    promised: str
    did: str


@dataclass(frozen=True)
class Thread:
    """One concern and what followed. `sealed`: the reader sees how far it has come, not what it is about."""

    id: str
    title: str
    about: str
    said: str | None
    sealed: bool
    sensitive: bool
    closing: str | None
    response: FirstResponse
    promises: tuple[Promise, ...]
    need: Need
    done: bool

    @property
    def marks(self) -> Marks:
        """How the thread is drawn."""
        reach = _reach(self)
        first = "l-on" if reach > 0 else "l-owed" if self.response.answer is Answer.OVERDUE else "l-off"
        second = f"{_RESPONSE_NODE[self.response.answer]} {'l-on' if reach > 1 else 'l-off'}"
        promised, did = _PROMISE_MARKS[self.need]
        return Marks(first, second, promised if self.promises else promised.replace("n-done", "n-none"), did)


_RESPONSE_NODE: Final = {
    Answer.IN_TIME: "n-done",
    Answer.GIVEN: "n-done",
    Answer.LATE: "n-late",
    Answer.OVERDUE: "n-owed",
    Answer.DUE: "n-none",
    Answer.NONE: "n-none",
}
_PROMISE_MARKS: Final = {
    Need.OVERDUE: ("n-open l-owed", "n-owed l-end"),
    Need.NOTHING: ("n-none l-off", "n-none l-end"),
    Need.IN_HAND: ("n-open l-off", "n-none l-end"),
    Need.KEPT: ("n-done l-on", "n-done l-end"),
    Need.ENDED: ("n-done l-on", "n-open l-end"),
}


@dataclass(frozen=True)
class Row:
    """A thread in its table. Concerns with the same promises share their cells: `span` rows, 0 where the row above holds them."""

    thread: Thread
    span: int
    twin: str | None = None


@dataclass(frozen=True)
class Group:
    """Threads that need the same."""

    need: Need
    heading: str
    rows: tuple[Row, ...]


def threads(concerns: Iterable[Record], actions: Iterable[Record], now: datetime) -> list[Thread]:
    """The thread of each concern, in the order in which they were raised."""
    promises = {action["id"]: promise(action, now) for action in actions}
    return [_thread(concern, [promises[each] for each in concern["actions"] if each in promises], now) for concern in concerns]


def groups(all_threads: Sequence[Thread]) -> list[Group]:
    """Threads by need, the most pressing first."""
    found = [(need, [thread for thread in all_threads if thread.need is need]) for need in Need]
    return [Group(need, heading(need, those), _rows(those)) for need, those in found if those]


def heading(need: Need, those: Sequence[Thread]) -> str:
    """What a group of threads is called."""
    promised = len({each.id for thread in those for each in thread.promises if each.standing in _COUNTED[need]})
    concerns = words.counted(len(those), "concern")
    return {
        Need.OVERDUE: f"{words.counted(promised, 'promise')} overdue",
        Need.NOTHING: f"{concerns} with nothing promised",
        Need.IN_HAND: f"{words.counted(promised, 'promise')} in hand",
        Need.KEPT: f"{words.counted(promised, 'promise')} kept" if promised else f"{concerns} resolved",
        Need.ENDED: f"{concerns} closed, not counted as kept",
    }[need]


_COUNTED: Final = {
    Need.OVERDUE: {Standing.OVERDUE},
    Need.NOTHING: set[Standing](),
    Need.IN_HAND: {Standing.OPEN},
    Need.KEPT: {Standing.KEPT},
    Need.ENDED: set[Standing](),
}


def _thread(concern: Record, promises: Sequence[Promise], now: datetime) -> Thread:
    sealed = "category" not in concern
    return Thread(
        id=str(concern["id"]),
        title=_title(concern),
        about="" if sealed else _about(concern),
        said=concern.get("said") or (concern.get("publication") or {}).get("you_said"),
        sealed=sealed,
        sensitive=bool(concern.get("sensitive")),
        closing=closing(concern, now),
        response=first_response(concern, now),
        promises=tuple(sorted(promises, key=lambda each: each.standing.value)),
        need=_need(concern, [each.standing for each in promises]),
        done=is_done(concern, [each.standing is Standing.KEPT for each in promises]),
    )


def _title(concern: Record) -> str:
    if concern.get("erased_at"):
        return "Erased concern"
    return words.category(concern["category"]) if "category" in concern else "Sealed concern"


def _about(concern: Record) -> str:
    strand, hate, place = (concern.get(field) for field in ("strand", "hate_strand", "locality"))
    parts = [label(hate, HateStrand) if hate else None, label(strand, Strand) if strand else None, words.capital(place) if place else None]
    return ", ".join(part for part in parts if part)


def _need(concern: Record, standings: Sequence[Standing]) -> Need:
    if Standing.OVERDUE in standings:
        return Need.OVERDUE
    if Standing.OPEN in standings:
        return Need.IN_HAND
    if Standing.KEPT in standings or concern.get("status") == Resolution.RESOLVED:
        return Need.KEPT
    return Need.ENDED if standings or concern.get("status") in set(Resolution) else Need.NOTHING


def _reach(thread: Thread) -> int:
    if thread.need in {Need.KEPT, Need.ENDED}:
        return 3
    if thread.promises:
        return 2
    return 1 if thread.response.answer in {Answer.IN_TIME, Answer.LATE, Answer.GIVEN} else 0


def _rows(those: Sequence[Thread]) -> tuple[Row, ...]:
    shared: dict[object, list[Thread]] = {}
    for thread in those:
        shared.setdefault(tuple(each.id for each in thread.promises) or thread.id, []).append(thread)
    return tuple(row for same in shared.values() for row in _spanned(same))


def _spanned(same: Sequence[Thread]) -> list[Row]:
    first, *others = same
    return [Row(first, len(same)), *(Row(thread, 0, first.title) for thread in others)]
