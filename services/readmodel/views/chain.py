"""The chain: a meeting, what was raised there, what was promised, what came of it, and what those who came thought."""

import asyncio
from collections.abc import Iterable, Sequence

from chassis.mongo import Document
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Organisation
from contracts.state import State
from readmodel.access import Reader
from readmodel.opening import Record, Sealed, opened
from readmodel.store import Store
from readmodel.views import records
from readmodel.views.linking import Chain, Step, linked

Groups = Sequence[tuple[type[State], list[Document]]]


async def of_meeting(store: Store, reader: Reader, meeting_id: str) -> Chain | None:
    """The chain of a meeting; None when the meeting is absent or not granted."""
    meeting = await records.find(store, reader, Meeting, meeting_id)
    if meeting is None:
        return None
    force = meeting["force"]
    concerns, promised, feedback = await asyncio.gather(
        store.linked(Concern, force, {"meeting_id": meeting_id}),
        store.linked(Action, force, {"meeting_id": meeting_id}),
        store.linked(Feedback, force, {"meeting_id": meeting_id}),
    )
    # Someone may have raised a concern, or said what they thought, without being named among those who came.
    heard = [each["organisation_id"] for each in (*concerns, *feedback) if each.get("organisation_id")]
    actions, organisations = await asyncio.gather(
        _with_answers(store, force, concerns, promised), store.by_ids(Organisation, force, {*_named(meeting), *heard})
    )
    groups: Groups = [(Meeting, [meeting]), (Organisation, organisations), (Concern, concerns), (Action, actions), (Feedback, feedback)]
    return await _chain(store, reader, force, groups)


async def of_concern(store: Store, reader: Reader, concern_id: str) -> Chain | None:
    """The chain of one concern: the meeting at which it was raised, if at one, and the actions that answer it."""
    concern = await records.find(store, reader, Concern, concern_id)
    if concern is None:
        return None
    force = concern["force"]
    named = [subject for subject in (concern.get("organisation_id"),) if subject]
    meetings, organisations, actions = await asyncio.gather(
        store.by_ids(Meeting, force, [subject for subject in (concern.get("meeting_id"),) if subject]),
        store.by_ids(Organisation, force, named),
        _with_answers(store, force, [concern], []),
    )
    groups: Groups = [(Meeting, meetings), (Organisation, organisations), (Concern, [concern]), (Action, actions), (Feedback, [])]
    return await _chain(store, reader, force, groups)


async def _with_answers(store: Store, force: str, concerns: Iterable[Document], promised: Iterable[Document]) -> list[Document]:
    """Actions promised at the meeting, and those that answer one of its concerns wherever they were promised."""
    ids = [concern["id"] for concern in concerns]
    answering = await store.of(Action).find({"answers": {"$in": ids}, "force": force}) if ids else []
    return list({action["_id"]: action for action in [*promised, *answering]}.values())


async def _chain(store: Store, reader: Reader, force: str, groups: Groups) -> Chain:
    sealed: list[Sealed] = [(model, document) for model, documents in groups for document in sorted(documents, key=_recorded)]
    records_of, timeline = await asyncio.gather(opened(store.keys, reader, sealed), _timeline(store, force, groups))
    shown: dict[type[State], list[Record]] = {model: [] for model, _ in groups}
    for (model, _), record in zip(sealed, records_of, strict=True):
        shown[model].append(record)
    return linked(shown, timeline)


async def _timeline(store: Store, force: str, groups: Groups) -> list[Step]:
    collections = {document["id"]: model.collection for model, documents in groups if model is not Organisation for document in documents}
    lines = await store.history.find({"force": force, "subject": {"$in": list(collections)}})
    told = ("time", "type", "subject", "version")
    steps = [Step(collection=collections[line["subject"]], **{name: line[name] for name in told}) for line in lines]
    return sorted(steps, key=lambda step: (step.time, step.subject, step.version))


def _recorded(document: Document) -> str:
    """Ids are made in the order of time: as things were recorded is as they were said."""
    return str(document["id"])


def _named(meeting: Document) -> list[str]:
    return [attending["organisation_id"] for attending in (meeting.get("attendance") or {}).get("named") or ()]
