"""Figures of forces in words: each with its change, forces side by side, and one sentence by rules from the same figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from readmodel.dashboard import words
from readmodel.dashboard.digest import Sentence
from readmodel.tally import Tally

FEWEST_FORCES: Final = 10
"""Below so many forces that report, a median would tell of single ones."""
FEWEST_ANSWERS: Final = 5
Tallies = Mapping[str, Tally]
Read = Callable[[Tally], int]


@dataclass(frozen=True)
class Change:
    """How a figure moved against the period before; `worse` when that is bad news."""

    text: str
    was: str
    worse: bool = False


@dataclass(frozen=True)
class Told:
    """One figure in words."""

    name: str
    value: str
    of: str = ""
    change: Change | None = None
    owed: bool = False


def panel(now: Tally, before: Tally | None, known: int) -> tuple[Told, ...]:
    """The figures beside what needs attention. `known`: how many organisations there are to be met."""
    return (
        Told("Promises overdue", f"{now.now.actions_overdue:,}", owed=now.now.actions_overdue > 0),
        Told("First response within 72 hours", share(now), change=_points(now, before)),
        _counted("Concerns raised", now, before, lambda each: each.concerns.raised),
        _counted("Meetings held", now, before, lambda each: each.meetings.held),
        _counted("Organisations met", now, before, lambda each: each.now.organisations_met, f"of {known:,}"),
    )


def row(tally: Tally, before: Tally | None, known: int) -> tuple[Told, ...]:
    """A force in the comparison."""
    overdue = tally.now.actions_overdue
    return (
        _beside("Meetings held", tally, before, lambda each: each.meetings.held),
        Told("Organisations met", f"{tally.now.organisations_met:,}", f"of {known:,}"),
        _beside("Concerns raised", tally, before, lambda each: each.concerns.raised),
        Told("First response within 72 hours", share(tally), f"was {share(before)}" if before and clocked(before) else ""),
        Told("Promises overdue", f"{overdue:,}", owed=overdue > 0),
        confidence(tally),
    )


def national(tallies: Tallies) -> tuple[Told, ...] | None:
    """The median of all forces that report, or None while they are too few; it names no force."""
    reporting = [each for each in tallies.values() if each.meetings.recorded or each.concerns.raised]
    if len(reporting) < FEWEST_FORCES:
        return None
    shares = [100 * each.concerns.responded_in_time / clocked(each) for each in reporting if clocked(each)]
    enough = len(shares) >= FEWEST_FORCES
    return (
        Told("Meetings held", _middle([each.meetings.held for each in reporting])),
        Told("Organisations met", _middle([each.now.organisations_met for each in reporting])),
        Told("Concerns raised", _middle([each.concerns.raised for each in reporting])),
        Told("First response within 72 hours", f"{round(median(shares))}%" if enough else "too few forces to show"),
        Told("Promises overdue", _middle([each.now.actions_overdue for each in reporting])),
        Told("Confidence, before to after", "not shown"),
    )


def confidence(tally: Tally) -> Told:
    """How confidence moved among those who gave it before and after."""
    said, name = tally.feedback, "Confidence, before to after"
    if not said.change_count:
        return Told(name, "none asked for")
    if said.change_count < FEWEST_ANSWERS:
        return Told(name, "too few answers to show", f"({said.change_count}; at least {FEWEST_ANSWERS} are needed)")
    before, after = said.before_sum / said.before_count, said.after_sum / said.after_count
    return Told(name, f"{before:.1f} → {after:.1f}", words.counted(said.change_count, "answer"))


def clocked(tally: Tally) -> int:
    """First responses for which a clock ran."""
    return tally.concerns.responded_in_time + tally.concerns.responded_late


def share(tally: Tally) -> str:
    """Share of first responses that came in time."""
    return f"{round(100 * tally.concerns.responded_in_time / clocked(tally))}%" if clocked(tally) else "no clock ran"


def takeaway(total: Tally, by_force: Tallies, names: Mapping[str, str]) -> Sentence:
    """The page's answer: what is late first, and in which force most of it; then what is well."""
    bad = [part for part in (_overdue(total, by_force, names), _unanswered(total), _nothing(total)) if part]
    if not bad and not (total.meetings.recorded or total.concerns.raised):
        return Sentence("Nothing recorded yet.", "Figures appear here as soon as the first meeting is recorded. No set-up is needed.")
    strong, *rest = [*bad, *_good(total)[:1]] if bad else ["nothing is overdue", *_good(total)]
    opening = words.capital(strong)
    return Sentence(f"{opening},", f"{words.listed(rest)}.") if rest else Sentence(f"{opening}.")


def _overdue(total: Tally, by_force: Tallies, names: Mapping[str, str]) -> str:
    late = total.now.actions_overdue
    return f"{words.told(late, 'promise')} {'is' if late == 1 else 'are'} overdue{_where(late, by_force, names)}" if late else ""


def _where(late: int, by_force: Tallies, names: Mapping[str, str]) -> str:
    """The force that owes more than all others together, if one does."""
    worst = max(by_force, key=lambda force: by_force[force].now.actions_overdue)
    there = by_force[worst].now.actions_overdue
    if len(by_force) == 1 or 2 * there <= late or late == 1:
        return ""
    return f", {'all' if there == late else words.number(there)} of them in {names[worst]}"


def _unanswered(total: Tally) -> str:
    late = total.now.first_response_overdue
    return f"{words.told(late, 'concern')} {'is' if late == 1 else 'are'} still without a first response after 72 hours" if late else ""


def _nothing(total: Tally) -> str:
    bare = total.now.nothing_promised
    return f"{words.told(bare, 'open concern')} {'has' if bare == 1 else 'have'} nothing promised yet" if bare else ""


def _good(total: Tally) -> list[str]:
    held, kept = total.meetings.held, total.actions.by_outcome.get("completed", 0)
    parts = [f"{share(total)} of first responses came within 72 hours"] if clocked(total) else []
    parts += [f"{words.told(held, 'meeting')} {'was' if held == 1 else 'were'} held"] if held else []
    return parts + ([f"{words.told(kept, 'promise')} {'was' if kept == 1 else 'were'} kept in full"] if kept else [])


def _counted(name: str, now: Tally, before: Tally | None, read: Read, of: str = "") -> Told:
    change = None if before is None else _moved(read(now) - read(before), f"was {read(before):,}")
    return Told(name, f"{read(now):,}", of, change)


def _beside(name: str, now: Tally, before: Tally | None, read: Read) -> Told:
    return Told(name, f"{read(now):,}", "" if before is None else f"was {read(before):,}")


def _moved(difference: int, was: str) -> Change:
    if not difference:
        return Change("no change", was)
    return Change(f"{'▲' if difference > 0 else '▼'} {abs(difference):,}", was)


def _points(now: Tally, before: Tally | None) -> Change | None:
    if before is None or not clocked(now) or not clocked(before):
        return None
    moved = round(100 * now.concerns.responded_in_time / clocked(now)) - round(100 * before.concerns.responded_in_time / clocked(before))
    change = _moved(moved, f"was {share(before)}")
    return Change(f"{change.text} {'point' if abs(moved) == 1 else 'points'}" if moved else change.text, change.was, moved < 0)


def _middle(values: Sequence[int]) -> str:
    return f"{median(values):g}"
