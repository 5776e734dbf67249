"""Who waits for a record to arrive in the read model, and the news that something was committed."""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress


class Arrivals:
    """News of commits in this process. What another process commits is not heard of here: look again now and then."""

    def __init__(self) -> None:
        self.commits = 0
        """How many batches this process has committed."""
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._bell = asyncio.Event()

    def announce(self, keys: Iterable[str]) -> None:
        """Tell those who wait for these records, and those who wait for anything."""
        for key in keys:
            for event in self._waiting.get(key, ()):
                event.set()
        self.commits += 1
        self._bell.set()
        self._bell = asyncio.Event()

    @contextmanager
    def expecting(self, keys: Collection[str]) -> Iterator[asyncio.Event]:
        """An event that is set as soon as one of these records is committed; take it before looking."""
        event = asyncio.Event()
        for key in keys:
            self._waiting.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            for key in keys:
                self._waiting[key].discard(event)
                if not self._waiting[key]:
                    del self._waiting[key]

    async def next_commit(self, seen: int, seconds: float) -> int:
        """Wait until more was committed than was seen, at most so many seconds; how much was."""
        if self.commits == seen:
            await wait(self._bell, seconds)
        return self.commits


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
