"""What needs attention, as a list: the most pressing sort first, and in each the latest first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from contracts.dates import span, today
from readmodel.dashboard import words
from readmodel.views.attention import Attention
from readmodel.views.coverage import Contact, Coverage
from readmodel.views.figures import Summary

Record = Mapping[str, Any]
SHOWN: Final = 5
YEAR: Final = 365
_MONTH: Final = len("2025-03")


@dataclass(frozen=True)
class Item:
    """One line: what, where, whose, how late. `address` is None where there is no page to go to."""

    what: str
    force: str
    owner: str
    late: str
    address: str | None
    owed: bool = True


@dataclass(frozen=True)
class Sort:
    """One sort of what needs attention. `count`: as the figures count. `more`: how many there are besides the items."""

    count: int
    heading: str
    items: tuple[Item, ...]
    more: int = 0


def needs(late: Attention, covered: Coverage, summary: Summary, names: Mapping[str, str], now: datetime) -> list[Sort]:
    """Everything that needs attention; nothing when all is well."""
    current, day = summary.total.now, today(now)
    actions = [_action(each, names, day) for each in late.overdue_actions[:SHOWN]]
    responses = [_response(each, names, now) for each in late.overdue_responses[:SHOWN]]
    bare = [_bare(each, names, day) for each in late.nothing_promised[:SHOWN]]
    sorts = [
        _sort(current.actions_overdue, late.sensitive.overdue_actions, "promise", "overdue", actions),
        _sort(current.first_response_overdue, late.sensitive.overdue_responses, "concern", _UNANSWERED, responses),
        _sort(current.nothing_promised, late.sensitive.nothing_promised, "concern", "with nothing promised yet", bare),
        _lapsed(covered.organisations, names, day),
    ]
    return [each for each in sorts if each.count or each.items]


_UNANSWERED: Final = "still without a first response after 72 hours"


def _sort(count: int, sensitive: int, noun: str, what: str, items: Sequence[Item]) -> Sort:
    """Figures leave sensitive records out, so that those are told apart."""
    apart = f", and {sensitive:,} sensitive" if sensitive else ""
    return Sort(count, f"{noun if count == 1 else noun + 's'} {what}{apart}", tuple(items), max(0, count + sensitive - len(items)))


def _action(record: Record, names: Mapping[str, str], day: str) -> Item:
    published = record.get("publication") or {}
    what = record.get("commitment") or published.get("we_promised") or "Sealed promise"
    late = words.span_of_days(words.days_between(record["due_on"], day))
    return Item(
        words.capital(what),
        names[record["force"]],
        record.get("owner_role") or "not shown",
        late,
        _address(record, f"action-{record['id']}"),
    )


def _response(record: Record, names: Mapping[str, str], now: datetime) -> Item:
    hours = int((now - datetime.fromisoformat(record["response_due"])).total_seconds() // 3600)
    return Item(_about(record), names[record["force"]], "", words.span_of_hours(hours), _address(record, f"concern-{record['id']}"))


def _bare(record: Record, names: Mapping[str, str], day: str) -> Item:
    raised = words.raised_on(record)
    long = words.known(raised) if raised is None or len(raised) == _MONTH else words.span_of_days(words.days_between(raised, day))
    return Item(_about(record), names[record["force"]], "no one yet", long, _address(record, f"concern-{record['id']}"), owed=False)


def _about(record: Record) -> str:
    if "category" not in record:
        return "Sealed concern"
    place = record.get("locality")
    return words.category(record["category"]) + (f", {place}" if place else "")


def _address(record: Record, anchor: str) -> str | None:
    """Where a record can be seen: in the chain of its meeting, or else on its force's page."""
    base = f"/forces/{record['force']}"
    return f"{base}/meetings/{record['meeting_id']}#{anchor}" if record.get("meeting_id") else f"{base}#{anchor}"


def _lapsed(contacts: Sequence[Contact], names: Mapping[str, str], day: str) -> Sort:
    """Organisations not met for a year, by force; of one met on a day that is not known, nothing is claimed."""
    by_force: dict[str, list[Contact]] = defaultdict(list)
    for each in contacts:
        if not each.met or (each.last_contact is not None and _age(each.last_contact, day) > YEAR):
            by_force[each.force].append(each)
    never = sum(not each.met for those in by_force.values() for each in those)
    total = sum(map(len, by_force.values()))
    heading = f"{'organisation' if total == 1 else 'organisations'} not met for a year" + (
        f", {words.number(never)} of them never" if never else ""
    )
    return Sort(total, heading, tuple(_of_force(names[force], force, those, day) for force, those in by_force.items()))


def _of_force(name: str, force: str, those: Sequence[Contact], day: str) -> Item:
    never = sum(not each.met for each in those)
    longest = max((_age(each.last_contact, day) for each in those if each.last_contact), default=None)
    what = words.counted(len(those), "organisation") + (f", {words.number(never)} never met" if never else "")
    late = "never met" if longest is None else words.span_of_days(longest)
    return Item(what, name, "", late, f"/forces/{force}", owed=longest is not None)


def _age(last: str, day: str) -> int:
    """Days since an organisation was met at the latest: in a month that has not ended, that may be today."""
    known = span(last)
    return max(0, words.days_between(known[1], day)) if known else 0
