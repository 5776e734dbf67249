"""Records engagements in the order in which they refer to each other: places, the meeting, what was raised, promised and done."""

from collections import defaultdict
from collections.abc import Iterable

from roundtable.loading.api import Api, Body
from roundtable.loading.engagements import Commitment, Concern, Engagement, Organisation, Outcome, Vouched
from roundtable.native.kafka.jars import Tell

# What was reported of the past starts no clock and reminds nobody.
_LATE: Body = {"recorded_late": True}


class Loader:
    """Records engagements; what was recorded by an earlier load of the same words is found again, not repeated."""

    def __init__(self, api: Api, tell: Tell) -> None:
        """Record through this client."""
        self._api = api
        self._tell = tell
        self._neighbourhoods: dict[tuple[str, str], str] = {}
        self._organisations: dict[tuple[str, str], str] = {}

    def load(self, engagements: Iterable[Engagement]) -> None:
        """Record all of them, places and organisations first."""
        every = list(engagements)
        for engagement in every:
            self._register(engagement)
        for engagement in every:
            self._tell(f"loading engagements: {engagement.title}")
            _Recording(self._api, engagement, self._neighbourhood_of(engagement), self._organisations_of(engagement)).record()

    def _register(self, engagement: Engagement) -> None:
        area = engagement.neighbourhood
        if area and (engagement.force, area) not in self._neighbourhoods:
            self._neighbourhoods[engagement.force, area] = self._create(engagement, "neighbourhoods", {"name": area})
        for organisation in engagement.attendance.organisations:
            key = engagement.force, organisation.name
            if key not in self._organisations:
                self._organisations[key] = self._create(
                    engagement, "organisations", self._facts(engagement, organisation), organisation.not_personal_data
                )

    def _facts(self, engagement: Engagement, organisation: Organisation) -> Body:
        guidance = list(engagement.visiting_guidance)
        area = self._neighbourhood_of(engagement)
        return {**organisation.model_dump(exclude={"not_personal_data"}), "visiting_guidance": guidance, "neighbourhood_id": area}

    def _create(self, engagement: Engagement, collection: str, facts: Body, not_personal_data: Iterable[str] = ()) -> str:
        return self._api.create("meetings", f"/v1/forces/{engagement.force}/{collection}", facts, not_personal_data)

    def _neighbourhood_of(self, engagement: Engagement) -> str | None:
        return self._neighbourhoods.get((engagement.force, engagement.neighbourhood or ""))

    def _organisations_of(self, engagement: Engagement) -> dict[str, str]:
        named = [organisation.name for organisation in engagement.attendance.organisations]
        return {name: self._organisations[engagement.force, name] for name in named}


class _Recording:
    """One engagement on its way."""

    def __init__(self, api: Api, engagement: Engagement, neighbourhood_id: str | None, organisations: dict[str, str]) -> None:
        self._api = api
        self._engagement = engagement
        self._organisations = organisations
        self._place: Body = {"neighbourhood_id": neighbourhood_id}
        self._raised: defaultdict[str, list[str]] = defaultdict(list)

    def record(self) -> None:
        meeting_id = self._create("meetings", "meetings", self._meeting(), self._engagement)
        links = {"meeting_id": meeting_id, **self._place, **_LATE}
        for concern in self._engagement.concerns:
            self._raise(concern, links)
        for commitment in self._engagement.commitments:
            self._create("concerns", "actions", {**self._promise(commitment), **links}, commitment)
        for outcome in self._engagement.outcomes:
            self._account(outcome, links)
        for feedback in self._engagement.feedback:
            thought = {"organisation_id": self._organisations[feedback.organisation], "gist": feedback.gist, **_LATE}
            self._create("meetings", f"meetings/{meeting_id}/feedback", thought, feedback)

    def _meeting(self) -> Body:
        said = self._engagement
        facts = said.model_dump(include={"kind", "title", "held_on", "hosts", "series", "purpose", "briefings", "activities"})
        came = {"attendance": self._attendance(), "attendance_note": said.attendance.note, "venue": self._venue()}
        return {**facts, **came, **self._place, **_LATE, "status": "held"}

    def _attendance(self) -> Body:
        totals = self._engagement.attendance.model_dump(include={"organisations_total", "heads_total"}, exclude_none=True)
        named = [{"organisation_id": record_id} for record_id in self._organisations.values()]
        return {**totals, **({"named": named} if named else {})}

    def _venue(self) -> Body | None:
        venue = self._engagement.venue
        if venue is None:
            return None
        host = self._organisations.get(venue.name or "")
        return venue.model_dump(exclude_none=True) | ({"organisation_id": host} if host else {})

    def _raise(self, concern: Concern, links: Body) -> None:
        facts = concern.model_dump(include={"category", "hate_strand", "locality", "sensitive"})
        told = {"said": concern.you_said, "raised_on": self._engagement.held_on}
        record_id = self._create("concerns", "concerns", {**facts, **told, **links}, concern)
        self._raised[concern.category].append(record_id)
        self._publish("concerns", record_id, concern)

    def _promise(self, promise: Commitment) -> Body:
        return {"owner_role": promise.owner_role, "commitment": promise.commitment, **self._standing(promise.answers)}

    def _account(self, outcome: Outcome, links: Body) -> None:
        """What was done is recorded as an action that is closed already; its words are both what was owed and what came of it."""
        done = {"owner_role": outcome.owner_role, "commitment": outcome.we_did, "outcome_note": outcome.we_did}
        closed = {"status": "closed", "outcome": outcome.outcome}
        record_id = self._create("concerns", "actions", {**done, **closed, **self._standing(outcome.answers), **links}, outcome)
        self._publish("actions", record_id, outcome)

    def _standing(self, answers: Iterable[str]) -> Body:
        """No report gives a day by which something was due."""
        return {"standing": True, "answers": [record_id for category in answers for record_id in self._raised[category]]}

    def _publish(self, collection: str, record_id: str, part: Concern | Outcome) -> None:
        if part.published:
            path = f"/v1/forces/{self._engagement.force}/{collection}"
            self._api.publish(path, record_id, part.published, part.not_personal_data)

    def _create(self, service: str, collection: str, body: Body, part: Vouched) -> str:
        return self._api.create(service, f"/v1/forces/{self._engagement.force}/{collection}", body, part.not_personal_data)
