"""The oracle: what an answer shows that whoever asked may not see, in words; nothing when all is well.

It knows no code of the product: marks tell whose bytes these are, and what a record may show is written out in `records.py`.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tests.leaks.marks import Marks
from tests.leaks.people import OPENING, Held
from tests.leaks.plans import Fate
from tests.leaks.records import HIDDEN_CATEGORIES, SEALED, STUB, Known, is_frame

HIDING: Final = frozenset(
    {"kind", "category", "strand", "priority", "organisation", "neighbourhood", "owner", "series", "visibility", "outcome", "standing", "q"}
)
"""Filters over what is sealed of a sensitive record: none of them finds one, whoever asks."""
_ADDED: Final = frozenset({"actions"})
"""What the chain says of a concern besides its own fields: links."""


def shown_too_much(marks: Marks, held: Held, text: str, *, public: bool = False, then: bool = False) -> list[str]:
    """Marks in an answer that are none of the asker's business."""
    found = marks.within(text)
    return sorted(
        f"{mark.name} of {mark.record or mark.force} needs {mark.needs}"
        for mark in found
        if not held.may_see(mark, public=public, then=then) and not (public and mark.name == "slug")
    )


def categories_told(held: Held, text: str) -> list[str]:
    """What sensitive concerns are about, in an answer to someone who can open none."""
    if any("sensitive_reader" in roles for roles in held.roles.values()):
        return []
    spoken = text.lower()
    return [f"the category {code} is named" for code in HIDDEN_CATEGORIES if code in spoken or code.replace("-", " ") in spoken]


def fields_told(records: Mapping[str, Known], held: Held, answered: Any) -> list[str]:
    """Fields of records, anywhere in an answer, that the asker may not see."""
    return [
        f"{name} of {known.collection} {known.fate.name} stands open"
        for shown in _records_in(answered)
        if (known := records.get(str(shown["id"]))) is not None
        for name in _forbidden(known, held.roles.get(known.force, frozenset()), shown)
    ]


def found_by_what_is_hidden(records: Mapping[str, Known], params: Iterable[tuple[str, str]], listed: Iterable[Any]) -> list[str]:
    """Sensitive records on a page that was asked for by something that is sealed in them."""
    asked = [name for name, _ in params if name in HIDING]
    ids = [str(each.get("id")) for each in listed] if asked else []
    return [
        f"{asked} finds a sensitive record" for subject in ids if (known := records.get(subject)) is not None and known.fate.is_sensitive
    ]


def _forbidden(known: Known, roles: frozenset[str], shown: Mapping[str, Any]) -> list[str]:
    given = [name for name, value in shown.items() if value not in (None, [], "") and name not in _ADDED]
    return [name for name in given if not _may_stand(known, name, roles)]


def _may_stand(known: Known, name: str, roles: frozenset[str]) -> bool:
    if known.fate is Fate.ERASED:
        return name in STUB
    if known.fate.is_sensitive and "sensitive_reader" not in roles:
        return is_frame(name)
    return name not in SEALED or not OPENING.isdisjoint(roles)


def _records_in(answered: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in an answer that shows a record: it has an id, and a version or a force."""
    if isinstance(answered, dict):
        if "id" in answered and ("version" in answered or "force" in answered):
            yield answered
        answered = list(answered.values())
    if isinstance(answered, list):
        for each in answered:
            yield from _records_in(each)


def parsed(text: str, media_type: str) -> Any:
    """What an answer says, if it is JSON or a sheet."""
    if "json" in media_type:
        return json.loads(text)
    return {"items": list(csv.DictReader(io.StringIO(text)))} if "csv" in media_type else None
