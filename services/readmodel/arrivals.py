"""Who waits for a record to arrive in the read model."""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress


class Arrivals:
    """News of commits in this process. What another process commits is not heard of here: look again now and then."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def announce(self, keys: Iterable[str]) -> None:
        """Tell those who wait for these records."""
        for key in keys:
            for event in self._waiting.get(key, ()):
                event.set()

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


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
