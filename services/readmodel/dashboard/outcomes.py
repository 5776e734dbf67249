"""You said, we did: published words as pairs, sorted by what came of them. The same promise for several concerns is one pair."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from contracts.vocabulary import ActionStatus, Resolution
from readmodel.dashboard import words
from readmodel.views.keeping import KEPT
from readmodel.views.public import Promised, Published


class Came(Enum):
    """What came of it: name, colour in the bar, colour of the tag."""

    DONE = ("Done", "#12436D", "green")
    DOING = ("Being done", "#28A197", "blue")
    LATE = ("Late", "#b3261e", "red")
    NOTHING = ("No promise yet", "#d5d7d9", "grey")
    NOT = ("Could not do", "#b1b4b6", "grey")

    @property
    def told(self) -> str:
        """In words."""
        return self.value[0]

    @property
    def colour(self) -> str:
        """In the bar."""
        return self.value[1]

    @property
    def tag(self) -> str:
        """Of the tag."""
        return self.value[2]


@dataclass(frozen=True)
class Pair:
    """What you said, beside what we did, promised, or what happened."""

    force: str
    came: Came
    tag: str
    said: tuple[str, ...]
    heading: str
    answers: tuple[str, ...]
    meta: str
    entries: int


_WHY: Final[dict[str, str]] = {
    Resolution.NO_FURTHER_ACTION: "We looked into this, and will do nothing more.",
    Resolution.NOT_RESPONSIBLE: "This is not ours to decide.",
    Resolution.REFERRED: "We passed this on to the body that can decide it.",
    Resolution.DUPLICATE: "This was raised before, and is dealt with there.",
    Resolution.WITHDRAWN: "Those who raised this took it back.",
}
_TAGS: Final[dict[str, str]] = {Resolution.REFERRED: "Passed on", Resolution.DUPLICATE: "Raised before", Resolution.WITHDRAWN: "Taken back"}
_NOT_KEPT: Final = "We could not do what we promised."


def pairs(published: Iterable[Published], today: str) -> list[Pair]:
    """Pairs in the order of what was published last."""
    together: dict[object, list[Published]] = {}
    for entry in published:
        promised = tuple(sorted(promise.id for promise in entry.promises))
        together.setdefault((entry.force, promised or entry.id, came(entry, today)), []).append(entry)
    return [_pair(same, today) for same in together.values()]


def came(entry: Published, today: str) -> Came:
    """What came of one concern, as far as it was published: the worst of its promises counts."""
    states = {_promise_came(promise, today) for promise in entry.promises}
    worst = next((state for state in (Came.LATE, Came.DOING, Came.DONE, Came.NOT) if state in states), None)
    if entry.status in set(Resolution) and worst is not Came.DONE:
        return Came.DONE if entry.status == Resolution.RESOLVED else Came.NOT
    return worst or Came.NOTHING


def parts(published: Iterable[Published], today: str) -> list[tuple[str, str, int]]:
    """Name, colour and number of concerns for each thing that can have come of them."""
    states = [came(entry, today) for entry in published if entry.id is not None]
    return [(state.told, state.colour, states.count(state)) for state in Came]


def _promise_came(promise: Promised, today: str) -> Came:
    if promise.status == ActionStatus.CLOSED:
        return Came.DONE if promise.outcome in KEPT else Came.NOT
    return Came.LATE if promise.due_on is not None and promise.due_on < today else Came.DOING


def _pair(same: Sequence[Published], today: str) -> Pair:
    first, state = same[0], came(same[0], today)
    heading, answers = _answer(first, state)
    said = tuple(words.sentence(entry.you_said) for entry in same if entry.you_said)
    return Pair(
        first.force,
        state,
        _TAGS.get(first.status or "", state.told) if state is Came.NOT else state.told,
        said,
        heading,
        answers,
        _meta(first.promises, state, today),
        len(same),
    )


def _answer(entry: Published, state: Came) -> tuple[str, tuple[str, ...]]:
    did = tuple(words.sentence(each.we_did) for each in entry.promises if each.we_did)
    promised = tuple(words.sentence(each.we_promised) for each in entry.promises if each.we_promised)
    if state is Came.NOT:
        return "What happened", (_WHY.get(entry.status or "", _NOT_KEPT), *did)
    if state is Came.DONE:
        return "We did", did or promised or ("This is settled.",)
    if state is Came.NOTHING:
        return "Where it stands", ("We have heard you, and have not yet said what we will do.",)
    return "We promised", promised or did


def _meta(promises: Sequence[Promised], state: Came, today: str) -> str:
    offices = words.listed(list(dict.fromkeys(each.owner_role for each in promises if each.owner_role)))
    due = min((each.due_on for each in promises if each.due_on and each.status == ActionStatus.OPEN), default=None)
    said = {
        Came.LATE: f"We said we would do this by {words.brief(due, today)}, and have not",
        Came.DOING: f"By {words.brief(due, today)}" if due else "A standing promise",
    }.get(state, "")
    return " · ".join(part for part in (said, offices) if part)
