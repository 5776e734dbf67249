"""The pages of a read model, and browsers in which someone is signed in or nobody is."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from fastapi import FastAPI
from pymongo.database import Database

from chassis.service import Service
from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Organisation
from readmodel import dashboard
from readmodel.settings import Settings
from tests.services.readmodel_world import World, state

NOW = datetime(2045, 6, 18, 13, 20, 7, tzinfo=UTC)
"""When every page is looked at, 14:20:07 in London. It lies ahead, so that the database's own clock ends no session."""
TYPED = {"sec-fetch-site": "none"}
"""What a browser sends with an address that someone typed or pasted."""
Grants = Mapping[str, Sequence[str]]


@dataclass
class Scene:
    """A read model, and its pages."""

    world: World
    app: FastAPI

    @property
    def force(self) -> str:
        """The force of the test."""
        return self.world.force

    @contextmanager
    def database(self, name: str) -> Iterator[Database[dict[str, Any]]]:
        """A database of the test, as its administrator sees it."""
        with self.world.place.engines.mongo.client() as client:
            yield client[self.world.place.prefix + name]

    def browser(self) -> httpx2.AsyncClient:
        """A browser in which nobody is signed in."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url="http://roundtable.test")

    async def signed_in(self, *roles: str, grants: Grants | None = None) -> httpx2.AsyncClient:
        """A browser in which someone followed a sign-in link; roles alone are held in the force of the test."""
        browser = self.browser()
        answer = await browser.get("/sign-in", params={"code": await self.code(grants or {self.force: roles})}, headers=TYPED)
        assert (answer.status_code, answer.headers["location"]) == (303, "/overview")
        return browser

    async def code(self, grants: Grants | None = None, lives: timedelta = timedelta(seconds=60)) -> str:
        """A one-time code, as the command line makes it."""
        code = secrets.token_urlsafe(32)
        claims = [{"force": force, "roles": list(roles)} for force, roles in (grants or {self.force: ["reader"]}).items()]
        hashed = hashlib.sha256(code.encode()).hexdigest()
        document = {"_id": hashed, "subject": "ada", "grants": claims, "expires_at": self.world.runtime.clock() + lives}
        await self.world.runtime.mongo.collection("signin", "codes").insert_one(document)
        return code

    async def round_table(self, **facts: Any) -> Meeting:
        """A round table that was held six weeks ago."""
        known = {"kind": "round_table", "title": "Round table with leaders of mosques", "status": "held"}
        meeting = state(Meeting, self.force, **known | dict.fromkeys(("held_on", "held_from", "held_to"), "2045-05-06") | facts)
        await self.world.tell(e.MeetingHeld(meeting), at=NOW - timedelta(days=43))
        return meeting

    async def concern(self, meeting: Meeting | None = None, **facts: Any) -> Concern:
        """A concern that was raised there."""
        known = {"category": "drugs", "meeting_id": meeting.id if meeting else None, "recorded_late": True}
        concern = state(Concern, self.force, **known | dict.fromkeys(("raised_on", "raised_from", "raised_to"), "2045-05-06") | facts)
        await self.world.tell(e.ConcernRaised(concern), at=NOW - timedelta(days=42))
        return concern

    async def promise(self, *answers: Concern, meeting: Meeting | None = None, **facts: Any) -> Action:
        """A promise that answers concerns."""
        known = {"owner_role": "Chief Constable", "commitment": "build better lines of communication", "standing": "due_on" not in facts}
        links = {"answers": [concern.id for concern in answers], "meeting_id": meeting.id if meeting else None}
        action = state(Action, self.force, **known | links | facts)
        await self.world.tell(e.ActionOpened(action), at=NOW - timedelta(days=41))
        return action

    async def thought(self, meeting: Meeting, name: str, **facts: Any) -> Feedback:
        """What an organisation thought of a meeting."""
        organisation = state(Organisation, self.force, name=name)
        feedback = state(Feedback, self.force, meeting_id=meeting.id, organisation_id=organisation.id, **facts)
        await self.world.tell(e.OrganisationRegistered(organisation), e.FeedbackReceived(feedback), at=NOW - timedelta(days=36))
        return feedback

    def page_of(self, meeting: Meeting) -> str:
        """The address of a meeting's chain."""
        return f"/forces/{meeting.force}/meetings/{meeting.id}"


@asynccontextmanager
async def staged(world: World) -> AsyncIterator[Scene]:
    """The pages of a read model, at the moment of the scene."""
    world.runtime.clock = lambda: NOW
    await dashboard.setup(world.runtime)
    yield Scene(world, Service("readmodel", Settings, routers=dashboard.ROUTERS).app(world.runtime))
