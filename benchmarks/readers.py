"""Readers and writers of the API who go on asking while something is done to its processes; each asks whoever answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import httpx2

from benchmarks.write_path import BODY

READERS: Final = 4
PAUSE_SECONDS: Final = 0.1
"""Between two questions of a reader, and between two concerns of the writer."""
PATIENCE_SECONDS: Final = 15.0


@dataclass
class Asked:
    """What those who ask have seen.

    Attributes:
        took: seconds of each answer, from the first attempt on, by what was asked.
        refused: what nobody answered, and why.
        written: how many concerns were raised meanwhile.
    """

    took: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    written: int = 0

    @property
    def every(self) -> list[float]:
        """Seconds of all answers."""
        return [seconds for answers in self.took.values() for seconds in answers]


def pages(force: str) -> list[str]:
    """What dashboards ask: the newest, those of a category, those of some days, the figures."""
    lists = ("", "&category=hate-crime", "&from=2025-05-10&to=2025-05-20")
    return [f"/v1/summary?force={force}", *(f"/v1/concerns?force={force}&limit=50{each}" for each in lists)]


@asynccontextmanager
async def asking(token: str, force: str, readmodels: Sequence[str], concerns: str) -> AsyncIterator[Asked]:
    """Four readers and a writer, until the block ends.

    Args:
        token: of someone who may read and record.
        force: of whose concerns.
        readmodels: addresses of the read model's processes.
        concerns: address of the service that concerns are raised with.
    """
    seen, over = Asked(), asyncio.Event()
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS) as client,
        asyncio.TaskGroup() as group,
    ):
        for number in range(READERS):
            group.create_task(_read(client, seen, over, number, force, readmodels))
        group.create_task(_write(client, seen, over, f"{concerns}/v1/forces/{force}/concerns"))
        yield seen
        over.set()


async def _read(client: httpx2.AsyncClient, seen: Asked, over: asyncio.Event, first: int, force: str, urls: Sequence[str]) -> None:
    every = pages(force)
    for number in count(first):
        if over.is_set():
            return
        await _ask(client, seen, every[number % len(every)], [urls[(number + place) % len(urls)] for place in range(len(urls))])
        await asyncio.sleep(PAUSE_SECONDS)


async def _ask(client: httpx2.AsyncClient, seen: Asked, page: str, urls: Sequence[str]) -> None:
    begun, said = time.perf_counter(), ""
    for url in urls:
        try:
            answer = await client.get(url + page)
        except httpx2.TransportError as error:
            said = type(error).__name__
            continue
        if answer.is_success:
            seen.took.setdefault(page, []).append(time.perf_counter() - begun)
            return
        said = answer.text
    seen.refused.append(f"{page}: {said}")


async def _write(client: httpx2.AsyncClient, seen: Asked, over: asyncio.Event, url: str) -> None:
    while not over.is_set():
        answer = await client.post(url, content=BODY, headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        seen.written += 1
        await asyncio.sleep(PAUSE_SECONDS)
