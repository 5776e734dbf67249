"""The chain put together: who came, what hangs on what, how far it has come. Pure: from records as their reader may see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Organisation
from contracts.state import State
from readmodel.opening import Record
from readmodel.views.keeping import is_done, is_kept


class Attended(BaseModel):
    """Who came to a meeting: organisations that are named, and those that were met but not named."""

    model_config = ConfigDict(frozen=True)

    organisations_total: int | None
    named: int
    not_named: int | None
    heads_total: int | None
    in_words: str


class Came(BaseModel):
    """What came of a promise."""

    model_config = ConfigDict(frozen=True)

    action: str
    answers: list[str]
    outcome: str
    note: str | None
    closed_at: str | None


class Step(BaseModel):
    """One event of the chain's history."""

    model_config = ConfigDict(frozen=True)

    time: str
    type: str
    collection: str
    subject: str
    version: int


class Counts(BaseModel):
    """How far the chain has come. `done` are concerns that are resolved, or of which every action was kept."""

    model_config = ConfigDict(frozen=True)

    concerns: int
    responded: int
    responded_in_time: int
    with_action: int
    done: int
    sensitive: int


class Chain(BaseModel):
    """A meeting and everything that hangs on it. A link to what is not there stays an id.

    Organisations are those that came and are named, and those that raised a concern or said what they thought.

    Each concern has the ids of the actions that answer it under `actions`; an action that answers several stands under
    each of them, and once in full.
    """

    model_config = ConfigDict(frozen=True)

    meeting: Record | None
    organisations: list[Record]
    attendance: Attended | None
    concerns: list[Record]
    actions: list[Record]
    actions_without_concern: list[str]
    outcomes: list[Came]
    publications: list[Record]
    feedback: list[Record]
    timeline: list[Step]
    summary: Counts


def linked(shown: Mapping[type[State], Sequence[Record]], timeline: Sequence[Step]) -> Chain:
    """The chain of these records, each kind in the order in which it was recorded."""
    meeting = next(iter(shown[Meeting]), None)
    concerns, actions = _answered(shown[Concern], shown[Action]), shown[Action]
    raised = {concern["id"] for concern in concerns}
    return Chain(
        meeting=meeting,
        organisations=list(shown[Organisation]),
        attendance=None if meeting is None else _attended(meeting.get("attendance")),
        concerns=concerns,
        actions=list(actions),
        actions_without_concern=[action["id"] for action in actions if raised.isdisjoint(_answers(action))],
        outcomes=[_came(action) for action in actions if action.get("outcome")],
        publications=[_published(model, record) for model in (Concern, Action) for record in shown[model] if record.get("publication")],
        feedback=list(shown[Feedback]),
        timeline=list(timeline),
        summary=_counts(concerns, actions),
    )


def _answered(concerns: Sequence[Record], actions: Sequence[Record]) -> list[Record]:
    """Each concern with the ids of the actions that answer it."""
    return [concern | {"actions": [action["id"] for action in actions if concern["id"] in _answers(action)]} for concern in concerns]


def _answers(action: Record) -> list[str]:
    """The concerns that an action answers; an erased one says nothing of it."""
    return list(action.get("answers") or ())


def _attended(attendance: dict[str, Any] | None) -> Attended | None:
    if attendance is None:
        return None
    named, total, heads = len(attendance.get("named") or ()), attendance.get("organisations_total"), attendance.get("heads_total")
    words = _in_words(named, total) + (f", {_counted(heads, 'person', 'people')}" if heads is not None else "")
    others = None if total is None else max(0, total - named)
    return Attended(organisations_total=total, named=named, not_named=others, heads_total=heads, in_words=words)


def _in_words(named: int, total: int | None) -> str:
    if total is None or total == named:
        return f"{_counted(named, 'organisation', 'organisations')} named"
    return f"{_counted(total, 'organisation', 'organisations')}, {named} of them named"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _came(action: Record) -> Came:
    return Came(
        action=action["id"],
        answers=_answers(action),
        outcome=action["outcome"],
        note=action.get("outcome_note"),
        closed_at=action.get("closed_at"),
    )


def _published(model: type[State], record: Record) -> Record:
    return {"collection": model.collection, "id": record["id"], **record["publication"]}


def _counts(concerns: Sequence[Record], actions: Sequence[Record]) -> Counts:
    kept = {action["id"] for action in actions if is_kept(action)}
    responded = [concern for concern in concerns if concern.get("responded_at")]
    return Counts(
        concerns=len(concerns),
        responded=len(responded),
        responded_in_time=sum(bool(due := concern.get("response_due")) and concern["responded_at"] <= due for concern in responded),
        with_action=sum(bool(concern["actions"]) for concern in concerns),
        done=sum(is_done(concern, [action in kept for action in concern["actions"]]) for concern in concerns),
        sensitive=sum(bool(concern.get("sensitive")) for concern in concerns),
    )
