"""Builds the records of a force by the owners' own operations, as their users would."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.recording import Draft, recorder
from contracts.concern import Concern
from contracts.event import Event
from contracts.events import ConcernErased, MeetingErased
from contracts.meeting import Meeting
from tests.leaks.plans import Fate, ForcePlan
from tests.leaks.records import CATEGORIES, HIDDEN_CATEGORIES, Facts, Known, Record
from tests.services.callers import Caller

_HELD = {"status": "held", "held_on": "2025-05-06"}


@dataclass
class Builder:
    """Builds one force's records."""

    meetings: Caller
    concerns: Caller
    force: str
    plan: ForcePlan
    made: list[Known] = field(default_factory=list)

    async def build(self) -> list[Known]:
        """Everything that the plan says."""
        area, body = await self._area(), await self._body()
        meetings = [await self._meeting(fate, area, body) for fate in self.plan.meetings]
        for at, fate in enumerate(self.plan.concerns):
            number = self.plan.raised_at[at % len(self.plan.raised_at)]
            await self._concern(fate, area, body, None if number is None else meetings[number])
        for held in meetings[:3]:
            await self._feedback(held, body)
        for known in [each for each in self.made if each.fate is Fate.ERASED]:
            await self._erase(known)
        return self.made

    def _keep(self, collection: str, fate: Fate, facts: Facts, record: Record, *published: str) -> Known:
        known = Known(collection, self.force, record["id"], fate, facts, published, version=record["version"])
        self.made.append(known)
        return known

    async def _area(self) -> str:
        facts = Facts()
        sent = facts.texts("code", "name", "description") | {"locations": [{"name": facts.word("location")}]}
        # Something was published there: the public page names it among its choices.
        return self._keep("neighbourhoods", Fate.SHOWN, facts, await self.meetings.made("/neighbourhoods", sent), "name").id

    async def _body(self) -> str:
        facts = Facts()
        sent = facts.texts("name", "address", "locality") | {"visiting_guidance": [facts.word("visiting_guidance")], "strand": "muslim"}
        record = await self.meetings.made("/organisations", sent | {"kind": "faith_body"})
        known = self._keep("organisations", Fate.AMENDED, facts, record)
        known.replaced = frozenset({sent["address"]})
        amended = await self.meetings.patch(f"/organisations/{known.id}", facts.texts("address"), version=1)
        known.version = amended.json()["version"]
        return known.id

    async def _meeting(self, fate: Fate, area: str, body: str) -> Known:
        facts = Facts()
        sent = facts.texts("title") | {"venue": facts.texts("name", "address", "locality")}
        if fate is Fate.SHOWN:
            sent |= {"visibility": "public", "starts_at": (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")}
        else:
            sent |= facts.texts("minutes", "notes", "attendance_note") | _HELD
            sent |= {name: [facts.word(name)] for name in ("topics", "activities")}
            sent["attendance"] = {"named": [{"organisation_id": body}], "heads_total": facts.heads()}
        sent |= facts.texts("purpose", "series") | {"hosts": [facts.word("hosts")]}
        kind = "iag" if fate.is_sensitive else "round_table"
        sent |= {"kind": kind, "neighbourhood_id": area, "sensitive": fate in {Fate.SENSITIVE, Fate.LOWERED}}
        return await self._grown(self._keep("meetings", fate, facts, await self.meetings.made("/meetings", sent), "title", *sent["venue"]))

    async def _concern(self, fate: Fate, area: str, body: str, meeting: Known | None) -> Known:
        facts = Facts()
        codes = HIDDEN_CATEGORIES if fate.is_sensitive else CATEGORIES
        linked = {"neighbourhood_id": area, "organisation_id": body, "meeting_id": meeting.id if meeting else None}
        sent = facts.texts("said", "locality") | linked | {"category": codes[len(self.made) % len(codes)], "strand": "muslim"}
        record = await self.concerns.made("/concerns", sent | {"sensitive": fate in {Fate.SENSITIVE, Fate.LOWERED}})
        known = self._keep("concerns", fate, facts, record, "you_said")
        answered = await self.concerns.changed(record, "respond", facts.texts("response"))
        known.version = answered["version"]
        if fate is not Fate.ERASED:
            await self._action(known, area)
        return await self._grown(known)

    async def _action(self, answered: Known, area: str) -> Known:
        facts = Facts()
        sent = facts.texts("owner_role", "commitment") | {"answers": [answered.id], "neighbourhood_id": area, "due_on": "2025-06-01"}
        record = await self.concerns.made("/actions", sent)
        known = self._keep("actions", answered.fate, facts, record, "we_promised", "we_did", "owner_role")
        if answered.fate in {Fate.SHOWN, Fate.WITHDRAWN}:
            record = await self.concerns.changed(record, "publish", facts.texts("we_promised"))
        known.version = record["version"]
        return known

    async def _feedback(self, meeting: Known, body: str) -> None:
        if meeting.fate in {Fate.SHOWN, Fate.ERASED}:
            return
        facts = Facts()
        sent = facts.texts("gist") | {"barriers": [facts.word("barriers")], "organisation_id": body, "confidence_before": 2}
        record = await self.meetings.made(f"/meetings/{meeting.id}/feedback", sent | {"confidence_after": 4})
        # It is as sensitive as its meeting is by now, and was never ordinary.
        known = self._keep("feedback", Fate.SENSITIVE if meeting.fate.is_sensitive else Fate.PLAIN, facts, record)
        known.meeting_id = meeting.id

    async def _grown(self, known: Known) -> Known:
        """The record once its fate has met it."""
        caller = self.concerns if known.collection == "concerns" else self.meetings
        if known.fate is Fate.AMENDED:
            name = "title" if known.collection == "meetings" else "locality"
            known.replaced = frozenset(text for field_name, text in known.facts.words if field_name == name)
            await amended(caller, known, known.facts.texts(name))
        if known.fate in {Fate.SHOWN, Fate.WITHDRAWN} and known.collection == "concerns":
            words = known.facts.texts("you_said")
            known.version = (await caller.post(f"{known.path}/publish", words, version=known.version)).json()["version"]
        if known.fate in {Fate.RAISED, Fate.WITHDRAWN}:
            await amended(caller, known, {"sensitive": True})
        if known.fate is Fate.LOWERED:
            await amended(caller, known, {"sensitive": False})
        return known

    async def _erase(self, known: Known) -> None:
        """Erase a record, as the erasure that is to come will: the event is there, the operation is not."""
        caller = self.concerns if known.collection == "concerns" else self.meetings
        event = _erasure((await caller.get(known.path)).json(), caller.runtime.now())
        await recorder(caller.runtime).record([Draft(event, None)], caller.runtime.now())
        caller.runtime.recorded.set()
        known.version += 1


async def amended(caller: Caller, known: Known, changes: dict[str, Any]) -> None:
    """Amend a record at the version at which it is."""
    # Its concern may have taken it along to another version.
    known.version = (await caller.get(known.path)).json()["version"]
    answer = await caller.patch(known.path, changes, version=known.version)
    assert answer.status_code == 200, answer.text
    known.version = answer.json()["version"]


def _erasure(record: Record, now: datetime) -> Event[Any]:
    if record["last_event"]["type"].startswith("engagement.concern"):
        return ConcernErased(Concern.model_validate(record).next(erased_at=now))
    return MeetingErased(Meeting.model_validate(record).next(erased_at=now))
