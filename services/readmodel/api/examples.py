"""Worked examples of every operation: the story that the examples of the contracts tell, as the read model shows it."""

from collections import Counter
from functools import cache
from typing import Any, Final

from contracts import story
from contracts.action import Action
from contracts.codec import Message
from contracts.concern import Concern
from contracts.dates import instant
from contracts.examples import KEY, message, tell
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.sealing import unseal
from contracts.state import State
from readmodel.cursors import written
from readmodel.opening import Record
from readmodel.projections import Document, Figure, contribution, fold
from readmodel.tally import NowFigures, Tally
from readmodel.views.coverage import covered
from readmodel.views.events import structured
from readmodel.views.figures import Summary
from readmodel.views.linking import Step, linked
from readmodel.views.met import Last

_TOLD_UNTIL: Final = "2025-09-02T12:00:00.000Z"
_SHOWN: Final[dict[type[State], tuple[str, ...]]] = {
    Organisation: (story.MOSQUES,),
    Neighbourhood: (story.TOWN,),
    Meeting: (story.ROUND_TABLE,),
    Feedback: (story.THOUGHTS,),
    Concern: (story.CHANNELS,),
    Action: (story.PROMISE,),
}


def one(model: type[State]) -> Record:
    """One record as it is answered."""
    return _records()[model][0]


def page(model: type[State]) -> dict[str, Any]:
    """The last page of a list as it is answered."""
    return {"items": [one(model)], "next": None}


def chain() -> dict[str, Any]:
    """The chain of a meeting as it is answered."""
    steps = [_step(sent) for sent in _messages() if sent.model not in {Organisation, Neighbourhood}]
    return linked(_records(), sorted(steps, key=lambda step: step.time)).model_dump(mode="json")


def summary() -> dict[str, Any]:
    """A summary as it is answered."""
    counts: Counter[Figure] = sum((contribution(model, record) for model, records in _records().items() for record in records), Counter())
    tally = Tally.of(counts, NowFigures(organisations_met=1))
    return Summary(from_="2025-05-01", to="2025-05-31", total=tally, by_force={story.FORCE: tally}).model_dump(mode="json", by_alias=True)


def coverage() -> dict[str, Any]:
    """Coverage as it is answered."""
    met, names = {(story.FORCE, story.MOSQUES): Last("2025-05-06", "2025-05-06")}, {(story.FORCE, story.TOWN): one(Neighbourhood)["name"]}
    return covered(_records()[Organisation], {**met}, {**names}, 9).model_dump(mode="json")


def events() -> dict[str, Any]:
    """A page of events as it is answered."""
    held = next(sent for sent in _messages() if sent.type == "engagement.meeting-held.v1")
    return {"items": [structured(held, None)], "next": None, "after": written({story.FORCE: [-1, 0, -1]})}


@cache
def _messages() -> tuple[Message, ...]:
    subjects = {subject for subjects in _SHOWN.values() for subject in subjects}
    told = (message(each) for each in tell() if each.variant is None)
    return tuple(sent for sent in told if sent.subject in subjects and instant(sent.time) <= _TOLD_UNTIL)


@cache
def _records() -> dict[type[State], list[Record]]:
    found: dict[type[State], list[Record]] = {}
    for model, subjects in _SHOWN.items():
        found[model] = [unseal(model, _folded(subject), KEY).opened() for subject in subjects]
    return found


def _folded(subject: str) -> Document:
    document: Document | None = None
    for sent in _messages():
        document = fold(document, sent) if sent.subject == subject else document
    return document or {}


def _step(sent: Message) -> Step:
    collection = "" if sent.model is None else sent.model.collection
    return Step(time=instant(sent.time), type=sent.type, collection=collection, subject=sent.subject, version=sent.version)
