"""Asks questions and judges the answers."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, Final

import httpx2

from tests.leaks.city import City
from tests.leaks.commands import asked
from tests.leaks.oracle import categories_told, fields_told, found_by_what_is_hidden, parsed, shown_too_much
from tests.leaks.plans import Fate
from tests.leaks.questions import ABSENT, Question
from tests.leaks.records import HIDDEN_CATEGORIES, Known

_OF_ONE_ANSWER: Final = ("x-trace-id", "content-security-policy", "date")
_NOT_OF_FORCES: Final = "/metrics"
_PATIENT: Final = ("min_version", "99")
"""Whoever waits looks as often as the clock lets them."""
_PAGE: Final = 50


@dataclass
class Cases:
    """How many questions were judged, and how many marks were rightly seen, by family."""

    judged: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def __add__(self, others: "Cases") -> "Cases":
        """Those of both: each process counts its own."""
        return Cases(self.judged + others.judged, self.seen + others.seen)

    def __str__(self) -> str:
        """One line."""
        each = ", ".join(f"{name} {count} ({self.seen[name]} marks seen)" for name, count in sorted(self.judged.items()))
        return f"{self.judged.total()} cases: {each}"


async def leaks(city: City, question: Question, cases: Cases) -> list[str]:
    """What is wrong with the answer to a question, in words."""
    question = await _with_cursor(city, question)
    with asked() as commands:
        answer = await put(city, question)
    held = city.held(city.people[question.person])
    cases.judged[question.family] += 1
    cases.seen[question.family] += len(city.marks.within(answer.text)) if answer.is_success else 0
    found = [*_seen(city, question, answer), *_owed(city, question, answer)]
    if question.about is not None and not held.roles.get(question.about.force):
        found += await _told_apart(city, question, answer, commands)
    return [f"{question.method} {question.path} {question.params} ({answer.status_code}): {each}" for each in found]


async def put(city: City, question: Question) -> httpx2.Response:
    """The answer to a question."""
    headers = {"Accept": "text/html" if question.is_page else question.accept} | dict(question.sent or {})
    headers |= city.tickets.headers(question.person, page=question.is_page)
    body = None if question.body is None else json.dumps(question.body)
    headers |= {} if body is None else {"Content-Type": "application/json"}
    client = city.clients[question.service]
    return await client.request(question.method, question.path, params=list(question.params), content=body, headers=headers)


async def _with_cursor(city: City, question: Question) -> Question:
    """The question, with the place at which somebody else was."""
    if question.lender is None:
        return question
    first = (*(each for each in question.params if each[0] != "limit"), ("limit", "1"))
    lent = await put(city, replace(question, person=question.lender, params=first, lender=None, accept="application/json"))
    name, place = ("after", "after") if question.family == "events" else ("cursor", "next")
    cursor = lent.json().get(place) if lent.is_success else None
    return replace(question, params=(*question.params, (name, cursor))) if cursor else question


def _seen(city: City, question: Question, answer: httpx2.Response) -> list[str]:
    """What stands in the answer and must not."""
    held, told = city.held(city.people[question.person]), _bytes(answer)
    found = shown_too_much(city.marks, held, told, public=question.family == "public page" or question.path == _NOT_OF_FORCES)
    if question.family == "open to anyone":
        return found
    by_id = {known.id: known for known in city.records}
    content = parsed(answer.text, answer.headers.get("content-type", ""))
    listed = content.get("items", ()) if isinstance(content, dict) and question.family == "list" else ()
    found += fields_told(by_id, held, content) + found_by_what_is_hidden(by_id, question.params, listed)
    # A page may repeat what it was narrowed to, and a refusal lists the codes that there are.
    tells = answer.is_success and not any(value in HIDDEN_CATEGORIES for _, value in question.params)
    return found + categories_told(held, told) if tells else found


def _bytes(answer: httpx2.Response) -> str:
    """Everything that was sent, but the address of the next page: it repeats what was asked."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items() if name != "link")
    return f"{headers}\n\n{answer.text}"


def _owed(city: City, question: Question, answer: httpx2.Response) -> list[str]:
    """What the asker may see, and does not."""
    held, found = city.held(city.people[question.person]), city.marks.within(answer.text)
    due = {mark for known in _asked_of(question, city) for mark in city.marks.of(known.id) if mark.current and held.may_see(mark)}
    return sorted(f"{mark.name} of {mark.record} is not shown to someone who may see it" for mark in due - found)


def _asked_of(question: Question, city: City) -> Sequence[Known]:
    """The records that must be in the answer, for whoever may see them."""
    if question.about is not None:
        waits, strange = _PATIENT in question.params, question.family == "owner's record" and question.about.force not in question.path
        return [question.about] if question.family in {"record", "owner's record"} and not waits and not strange else []
    if question.family == "list" and question.lender is None and {name for name, _ in question.params} <= {"sensitive"}:
        wanted = {value == "true" for _, value in question.params} or {True, False}
        found = [each for each in city.of(question.path.rsplit("/", 1)[-1]) if each.fate is not Fate.ERASED]
        return [each for each in found if each.fate.is_sensitive in wanted] if len(found) <= _PAGE else []
    return []


async def _told_apart(city: City, question: Question, answer: httpx2.Response, commands: list[str]) -> list[str]:
    """How the answer to a stranger differs from that about a record that there is not: in words, in headers, or on the way to it."""
    with asked() as others:
        absent = await put(city, question.about_nothing)
    assert question.about is not None
    one, other = _alike(answer, question.about.id), _alike(absent, ABSENT)
    found = [f"about what is absent it says {mine!r} and not {yours!r}" for yours, mine in zip_longest(one, other) if yours != mine]
    waited = any(name == "wait" for name, _ in question.params)
    same = set(commands) == set(others) if waited else commands == others
    return found + ([] if same else [f"the database is asked otherwise than about what is absent: {commands} {others}"])


def _alike(answer: httpx2.Response, subject: str) -> tuple[Any, ...]:
    """An answer without what differs between any two, and without the id that was asked for."""
    headers = sorted((name, value) for name, value in answer.headers.multi_items() if name not in _OF_ONE_ANSWER)
    nonce = answer.headers.get("content-security-policy", "").partition("nonce-")[2].partition("'")[0]
    text = answer.text.replace(nonce, "") if nonce else answer.text
    return answer.status_code, headers, *text.replace(subject, "").splitlines()
