"""What a meeting came to at a glance: the header's figures with a square for each concern, who owes, and one sentence by rules."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from readmodel.dashboard import words
from readmodel.dashboard.stations import Answer, Promise, Standing
from readmodel.dashboard.threads import Need, Thread

_CLOCKED: Final = {Answer.IN_TIME, Answer.LATE, Answer.OVERDUE}
_ANSWERED: Final = {Answer.IN_TIME, Answer.LATE, Answer.GIVEN}
UNKNOWN_OWNER: Final = "an office that is not shown"


@dataclass(frozen=True)
class Column:
    """A station's summary: full squares, owed ones, empty ones."""

    name: str
    headline: str
    full: int
    owed: int
    empty: int


@dataclass(frozen=True)
class Debtor:
    """What an office owes and has kept."""

    office: str
    owed: int
    overdue: int
    kept: int


@dataclass(frozen=True)
class Sentence:
    """A takeaway: what stands in bold, and the rest."""

    strong: str
    rest: str = ""


def columns(threads: Sequence[Thread]) -> tuple[Column, ...]:
    """The four figures over the threads of a meeting."""
    total = len(threads)
    promised, done = sum(bool(each.promises) for each in threads), sum(each.done for each in threads)
    return (
        Column("You said", words.counted(total, "concern"), total, 0, 0),
        _responses([each.response.answer for each in threads]),
        Column("We promised", f"{promised} of {total} have a promise", promised, 0, total - promised),
        Column("We did", f"{done} of {total} done", done, 0, total - done),
    )


def debtors(promises: Iterable[Promise]) -> list[Debtor]:
    """What each office owes and has kept; who is late comes first."""
    standings: dict[str, list[Standing]] = {}
    for each in promises:
        standings.setdefault(each.owner or UNKNOWN_OWNER, []).append(each.standing)
    return sorted((_debtor(office, those) for office, those in standings.items()), key=_weight)


def takeaway(threads: Sequence[Thread], days_on: int | None) -> Sentence:
    """The page's answer in one sentence: what is owed first, the worst before the rest, then what is well."""
    if not threads:
        return Sentence("No concern was recorded of this meeting.")
    parts = [part for part in (_overdue(threads), _unanswered(threads), _nothing(threads), _in_hand(threads), _kept(threads)) if part]
    since = f"{words.capital(words.in_words(days_on))} on, " if days_on is not None and days_on >= _WORTH_SAYING else ""
    strong, *rest = parts or [f"{_every(len(threads))} {_is(len(threads))} closed"]
    opening = words.capital(since + strong)
    return Sentence(f"{opening},", f"{words.listed(rest)}.") if rest else Sentence(f"{opening}.")


_WORTH_SAYING: Final = 7


def _responses(answers: Sequence[Answer]) -> Column:
    counts = Counter(answers)
    clocked, answered = sum(counts[each] for each in _CLOCKED), sum(counts[each] for each in _ANSWERED)
    owed = counts[Answer.LATE] + counts[Answer.OVERDUE]
    headline = f"{counts[Answer.IN_TIME]} of {clocked} in time" if clocked else f"{answered or 'none'} recorded"
    full = counts[Answer.IN_TIME] + counts[Answer.GIVEN]
    return Column("First response", headline, full, owed, len(answers) - full - owed)


def _debtor(office: str, standings: Sequence[Standing]) -> Debtor:
    overdue = standings.count(Standing.OVERDUE)
    return Debtor(office, overdue + standings.count(Standing.OPEN), overdue, standings.count(Standing.KEPT))


def _weight(debtor: Debtor) -> tuple[int, int]:
    return (-debtor.overdue, -debtor.owed)


def _promises(threads: Sequence[Thread], standing: Standing) -> int:
    return len({each.id for thread in threads for each in thread.promises if each.standing is standing})


def _overdue(threads: Sequence[Thread]) -> str:
    late = _promises(threads, Standing.OVERDUE)
    return f"{words.told(late, 'promise')} {_is(late)} overdue" if late else ""


def _unanswered(threads: Sequence[Thread]) -> str:
    late = sum(each.response.answer is Answer.OVERDUE for each in threads)
    return f"{words.told(late, 'concern')} {_is(late)} still without a first response after 72 hours" if late else ""


def _nothing(threads: Sequence[Thread]) -> str:
    bare, total = sum(each.need is Need.NOTHING for each in threads), len(threads)
    if not bare:
        return ""
    which = f"{words.number(bare)} of {words.told(total, 'concern')}" if bare < total else _every(total)
    return f"{which} {'has' if bare == 1 else 'have'} nothing promised"


def _every(total: int) -> str:
    return {1: "the one concern", 2: "both concerns"}.get(total, f"all {words.told(total, 'concern')}")


def _in_hand(threads: Sequence[Thread]) -> str:
    held = _promises(threads, Standing.OPEN)
    return f"{words.told(held, 'promise')} {_is(held)} in hand" if held else ""


def _kept(threads: Sequence[Thread]) -> str:
    kept = _promises(threads, Standing.KEPT)
    return f"{words.told(kept, 'promise')} {_is(kept)} kept" if kept else ""


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"
