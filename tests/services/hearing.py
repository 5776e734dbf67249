"""Hearing the live stream, as a subscriber would."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from contracts.state import State


@dataclass
class Heard:
    """One event of a stream."""

    event: str
    id: str
    data: dict[str, Any]


@dataclass
class Ear:
    """A client of the live stream: what it heard, the newest cursor, and whether the stream has ended."""

    heard: list[Heard] = field(default_factory=list)
    last_id: str = ""
    comments: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, response: httpx2.Response) -> None:
        """Hear until the stream ends."""
        fields: dict[str, str] = {}
        try:
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    self._take(fields, name, value)
                elif "data" in fields:
                    self.heard.append(Heard(fields["event"], fields["id"], json.loads(fields["data"])))
                    fields = {}
                else:
                    fields = {}
        finally:
            self.ended.set()

    @property
    def subjects(self) -> list[str]:
        """The records that were heard of, in order."""
        return [each.data["subject"] for each in self.heard if each.event != "resync"]

    async def begun(self) -> bool:
        """Whether the stream has said where it begins."""
        await asyncio.sleep(0)
        return bool(self.last_id)

    async def over(self, within: float = 10) -> None:
        """Wait until the stream has ended."""
        async with asyncio.timeout(within):
            await self.ended.wait()

    def heard_times(self, count: int) -> Callable[[], Awaitable[bool]]:
        """A condition: so many events were heard, or more."""

        async def heard() -> bool:
            await asyncio.sleep(0)
            return len(self.heard) >= count

        return heard

    def heard_of(self, states: Sequence[State]) -> Callable[[], Awaitable[bool]]:
        """A condition: every one of these records was heard of."""

        async def all_heard() -> bool:
            await asyncio.sleep(0)
            return {state.id for state in states} <= set(self.subjects)

        return all_heard

    def _take(self, fields: dict[str, str], name: str, value: str) -> None:
        if name in ("", ":"):
            self.comments.append(value)
            return
        fields[name] = value
        if name == "id":
            self.last_id = value


@asynccontextmanager
async def listening(client: httpx2.AsyncClient, after: str | None = None, **params: Any) -> AsyncIterator[Ear]:
    """Listen to the live stream beside the test; the stream is open when this begins."""
    ear = Ear()
    headers = {} if after is None else {"Last-Event-ID": after}
    async with client, client.stream("GET", "/v1/stream", params=params, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        task = asyncio.create_task(ear.listen(response))
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
