"""Questions: what anyone may think of asking, of any route, about anything that there is or is not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import strategies as st

from tests.builders import new_id
from tests.leaks.city import City
from tests.leaks.records import CATEGORIES, HIDDEN_CATEGORIES, Known
from tests.leaks.routes import FAMILIES

ABSENT: Final = new_id()
"""An id that no record has."""
Params = tuple[tuple[str, str], ...]
_WEIGHTS: Final = {
    "list": 10,
    "record": 8,
    "chain": 3,
    "figures": 3,
    "events": 2,
    "owner's record": 5,
    "owner's list": 1,
    "refused write": 4,
    "subscriptions": 2,
    "deliveries": 3,
    "page": 3,
    "public page": 1,
    "open to anyone": 1,
}
_DOORS: Final = {"subscriptions": "subscriber", "deliveries": "subscriber", "refused write": "recorder"}
"""The role that most of a family's operations ask for."""
_KINDS: Final = {"meeting_id": "meetings", "feedback_id": "feedback"} | {
    f"{kind[:-1]}_id": kind for kind in ("concerns", "actions", "organisations", "neighbourhoods")
}
_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "status": ("raised", "under_review", "held", "scheduled", "open", "closed", "active", "resolved"),
    "kind": ("iag", "round_table", "faith_body"),
    "category": (*CATEGORIES, *HIDDEN_CATEGORIES),
    "strand": ("muslim",),
    "priority": ("normal", "high"),
    "visibility": ("public", "internal"),
    "outcome": ("completed",),
    "from": ("2025-01", "2025-05-06", "2026-01-01"),
    "to": ("2025-05-06", "2025-12", "2045-01-01"),
    "sensitive": ("true", "false"),
    "overdue": ("true", "false"),
    "standing": ("true", "false"),
    "limit": ("1", "2", "200"),
}
_COMMON: Final = ("force", "from", "to", "status", "kind", "category", "organisation", "neighbourhood", "q", "limit")
FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "meetings": (*_COMMON, "visibility", "series", "sensitive"),
    "concerns": (*_COMMON, "strand", "priority", "meeting", "sensitive", "overdue"),
    "actions": (*_COMMON, "outcome", "owner", "meeting", "answers", "standing", "sensitive", "overdue"),
    "organisations": (*_COMMON, "strand"),
    "neighbourhoods": _COMMON,
    "feedback": (*_COMMON, "meeting", "sensitive"),
    "summary": ("force", "from", "to"),
    "coverage": ("force",),
    "events": ("force", "type", "subject", "limit"),
    "overview": ("force",),
    "/": ("force", "neighbourhood", "about"),
}


@dataclass(frozen=True)
class Question:
    """A request of one person.

    Attributes:
        family: the way that it walks.
        person: the number of who asks.
        about: the record that its path names, if it names one.
        lender: the number of someone whose cursor is sent along.
    """

    family: str
    service: str
    method: str
    path: str
    person: int
    params: Params = ()
    accept: str = "application/json"
    sent: Mapping[str, str] | None = None
    body: Any = None
    about: Known | None = None
    lender: int | None = None

    @property
    def is_page(self) -> bool:
        """Whether a browser asks."""
        return self.family in {"page", "public page", "open to anyone"}

    @property
    def about_nothing(self) -> "Question":
        """The same question about a record that there is not."""
        assert self.about is not None
        return replace(self, path=self.path.replace(self.about.id, ABSENT), about=None)


@st.composite
def questions(draw: st.DrawFn, city: City, families: tuple[str, ...] = ()) -> Question:
    """Any question that anyone may ask in a city; of some families alone, perhaps."""
    weighted = [name for name, weight in _WEIGHTS.items() for _ in range(weight) if not families or name in families]
    family = draw(st.sampled_from(weighted))
    service, method, template = draw(st.sampled_from(FAMILIES[family])).split(" ", 2)
    about = draw(_record(city, template))
    path = draw(_filled(city, template, about))
    asked = Question(family, service, method, path, draw(_asker(city, family, path)), about=about)
    return draw(_in_detail(city, asked, template))


@st.composite
def _in_detail(draw: st.DrawFn, city: City, asked: Question, template: str) -> Question:
    """The question with all that stands beside its path."""
    kind = template.rsplit("/", 1)[-1] or "/"
    if asked.family == "refused write":
        return replace(asked, body=draw(_refused_body(city)), sent={"If-Match": draw(st.sampled_from(['"999"', "nothing"]))})
    asked = replace(asked, params=draw(_params(city, FILTERS.get(kind, ()))))
    if asked.family in {"record", "owner's record"}:
        patient = draw(st.sampled_from(((), (("min_version", "1"), ("wait", "20ms")), (("min_version", "99"), ("wait", "20ms")))))
        return replace(
            asked, params=patient if asked.family == "record" else (), sent={"If-None-Match": draw(st.sampled_from(['"1"', "*"]))}
        )
    if asked.family in {"list", "events"}:
        lender = draw(st.one_of(st.none(), st.none(), st.integers(0, len(city.people) - 1)))
        csv = asked.family == "list" and draw(st.integers(0, 3)) == 0
        return replace(asked, lender=lender, accept="text/csv" if csv else asked.accept)
    return asked


def _asker(city: City, family: str, path: str) -> st.SearchStrategy[int]:
    """Anyone; where a role is asked for, half of the time someone who has it there: others get no further than the door."""
    anyone, role = list(range(len(city.people))), _DOORS.get(family)
    number = city.forces.index(path.split("/")[3]) if role else -1
    inside = [each for each in anyone if role in city.people[each].roles(number)]
    return st.one_of(st.sampled_from(anyone), st.sampled_from(inside)) if inside else st.sampled_from(anyone)


def _record(city: City, template: str) -> st.SearchStrategy[Known | None]:
    """A record that the path can name."""
    named = [kind for name, kind in _KINDS.items() if f"{{{name}}}" in template]
    if not named:
        return st.none()
    wanted = "feedback" if "feedback" in named else named[0]
    return st.sampled_from(city.of(wanted))


@st.composite
def _filled(draw: st.DrawFn, city: City, template: str, about: Known | None) -> str:
    """The path, with names of what there is."""
    own = about.force if about else draw(st.sampled_from(city.forces))
    force = draw(st.sampled_from([own, own, own, *city.forces]))
    subscription = city.subscriptions[draw(st.sampled_from([force, force, *city.forces]))]
    values = {"force": force, "subscription_id": subscription, "name": "concern-raised.v1.json", "asked": "x", "rest": f"{own}/anything"}
    if "{delivery_id}" in template:
        values["delivery_id"] = f"{subscription}:{draw(st.sampled_from(city.told.get(subscription) or [ABSENT]))}"
    if about is not None:
        values |= {name: about.id for name, kind in _KINDS.items() if kind == about.collection}
        values.setdefault("meeting_id", about.meeting_id or about.id)
    return template.replace("{name:path}", "{name}").replace("{rest:path}", "{rest}").format(**values)


@st.composite
def _params(draw: st.DrawFn, city: City, names: tuple[str, ...]) -> Params:
    """Some of the parameters, with values that mean something."""
    chosen = draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []
    return draw(values_of(city, tuple(chosen)))


@st.composite
def values_of(draw: st.DrawFn, city: City, names: tuple[str, ...]) -> Params:
    """A value that means something for each of some parameters."""
    return tuple((name, draw(st.sampled_from(_values(city, name)))) for name in names)


def _values(city: City, name: str) -> list[str]:
    ids = {"organisation": "organisations", "neighbourhood": "neighbourhoods", "meeting": "meetings", "answers": "concerns"}
    if name == "force":
        return city.forces
    if name in ids:
        return [each.id for each in city.of(ids[name])]
    if name == "subject":
        return [each.id for each in city.records]
    if name == "type":
        return ["concern-raised", "meeting-held", "concern-published", "action-opened"]
    if name == "about":
        return [*_CODES["category"]]
    return list(_CODES[name]) if name in _CODES else city.words


@st.composite
def _refused_body(draw: st.DrawFn, city: City) -> Any:
    """A body that is refused whoever sends it, in ways that look at records, of other forces too."""
    other = draw(st.sampled_from(city.records)).id
    return draw(
        st.sampled_from(
            [
                {"nothing_of_that_name": draw(st.sampled_from(city.words))},
                {"title": "x", "kind": "round_table", "name": "x", "neighbourhood_id": other, "merged_into": other, "unknown": 1},
                {"owner_role": "x", "commitment": "x", "standing": True, "answers": [other], "category": "no-such-category"},
                {"duplicate_of": other, "resolution": "duplicate", "reason": "x", "decided_by": "nobody-that-is-known"},
                [],
            ]
        )
    )
