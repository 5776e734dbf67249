"""What is hidden changes nothing that is seen: the same questions before and after every sealed value of every sensitive record changed."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Final

import httpx2
from hypothesis import strategies as st

from tests.leaks.asking import Cases, put
from tests.leaks.building import amended
from tests.leaks.city import City
from tests.leaks.marks import one_of, word
from tests.leaks.oracle import HIDING
from tests.leaks.questions import FILTERS, Question, questions, values_of
from tests.leaks.records import HIDDEN_CATEGORIES, Known, Record

ASKED: Final = 60
_FAMILIES: Final = ("list", "figures", "chain")
_MOVES: Final = frozenset({"version", "last_event", "timeline", "as_of"})
"""What tells of the amendment itself."""
_NOWHERE: Final[Record] = {"organisation_id": None, "neighbourhood_id": None}
_CHANGES: Final[dict[str, Record]] = {
    "concerns": _NOWHERE,
    "actions": _NOWHERE,
    "meetings": {"neighbourhood_id": None, "attendance": None, "topics": []},
}
_CODES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "concerns": {"category": HIDDEN_CATEGORIES, "strand": ("jewish", "muslim", "hindu"), "priority": ("low", "high", "urgent")},
    "actions": {},
    "meetings": {"kind": ("iag", "consultation", "walkabout"), "visibility": ("public", "internal", "listed_only")},
}
"""Fields that take any of these codes."""
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "concerns": ("locality", "said"),
    "actions": ("owner_role", "commitment"),
    "meetings": ("title", "series"),
}
"""Fields that take new words besides."""


def some_questions(city: City) -> st.SearchStrategy[list[Question]]:
    """Questions of a round, each of which is asked twice; most of them ask by something that is hidden."""
    any_one = questions(city, _FAMILIES).filter(lambda asked: asked.lender is None)
    return st.lists(st.one_of(_by_what_is_hidden(city), _by_what_is_hidden(city), any_one), min_size=ASKED, max_size=ASKED)


@st.composite
def _by_what_is_hidden(draw: st.DrawFn, city: City) -> Question:
    """A list that is narrowed by what is sealed in a sensitive record."""
    kind = draw(st.sampled_from(list(_CHANGES)))
    name = draw(st.sampled_from([name for name in FILTERS[kind] if name in HIDING and name != "q"]))
    codes = _CODES[kind].get(name)
    params = ((name, draw(st.sampled_from(codes))),) if codes else draw(values_of(city, (name,)))
    return Question("list", "readmodel", "GET", f"/v1/{kind}", draw(st.integers(0, len(city.people) - 1)), params=params)


async def leaks(city: City, asked: Sequence[Question], cases: Cases) -> list[str]:
    """What came out differently, in words."""
    before = [_seen(city, question, await put(city, question)) for question in asked]
    for known in city.records:
        if known.fate.is_sensitive and known.collection in _CHANGES:
            await _changed(city, known)
    await city.caught_up()
    after = [_seen(city, question, await put(city, question)) for question in asked]
    cases.judged["hidden value"] += len(asked)
    cases.seen["hidden value"] += sum(len(city.marks.within(each)) for each in before)
    differ = [question for question, one, other in zip(asked, before, after, strict=True) if one != other]
    return [f"{question.method} {question.path} {question.params}: another answer since something hidden changed" for question in differ]


async def _changed(city: City, known: Known) -> None:
    owner = city.callers["meetings" if known.collection == "meetings" else "concerns"]
    words = {name: word() for name in _WORDS[known.collection]}
    codes = {name: one_of(values) for name, values in _CODES[known.collection].items()}
    changes = _CHANGES[known.collection] | words | codes
    await amended(owner.holding("recorder", "sensitive_reader", force=known.force), known, changes)


def _seen(city: City, question: Question, answer: httpx2.Response) -> str:
    """An answer without the amendment itself. To those who open what is sensitive: which records it shows, in their order."""
    opens = any("sensitive_reader" in roles for roles in city.held(city.people[question.person]).roles.values())
    if "csv" in answer.headers.get("content-type", ""):
        content: Any = {"items": list(csv.DictReader(io.StringIO(answer.text)))}
    else:
        content = answer.json()
    shown = _ids(content) if opens and question.family != "figures" else _still(content)
    return f"{answer.status_code} {json.dumps(shown, sort_keys=True)}"


def _ids(content: Any) -> list[str]:
    """The ids of an answer's records, in order; in a chain those that hang on it by what is clear."""
    listed = (
        content.get("items")
        if "items" in content
        else [*content.get("concerns", ()), *content.get("actions", ()), *content.get("feedback", ())]
    )
    return [str(each["id"]) for each in listed or ()]


def _still(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _still(value) for name, value in content.items() if name not in _MOVES}
    return [_still(each) for each in content] if isinstance(content, list) else content
