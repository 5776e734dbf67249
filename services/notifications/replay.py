"""Reads the log again for one client, from where it was to where the hub is."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from chassis.kafka import REQUEST_SECONDS, consumer, stop
from chassis.runtime import Runtime
from chassis.waits import within
from notifications.cursor import Places
from notifications.frames import Frame, frames, received
from notifications.store import Subjects

RECORDS_AT_ONCE: Final = 500
_SILENCES: Final = 10
"""Polls of a second without a record, where records must be, after which the log counts as away."""


class NoLongerThere(Exception):  # noqa: N818 - said to the client as `resync`
    """The log does not hold the place where the client was."""


class Replay:
    """One reader of the log, open while it is used as a context."""

    def __init__(self, runtime: Runtime) -> None:
        self._client = consumer(runtime.settings, partitions=runtime.registry.partition_count)
        self._subjects = Subjects(runtime.mongo)

    async def __aenter__(self) -> Self:
        """Connect."""
        try:
            await within(REQUEST_SECONDS, self._client.start())
        except BaseException:
            await stop(self._client)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the connection go."""
        await stop(self._client)

    async def check(self, places: Places) -> None:
        """Return when the log reaches as far as a client says that it has read.

        Raises:
            NoLongerThere: it does not; the log is another one.
        """
        if not places:
            return
        ends = await within(REQUEST_SECONDS, self._client.end_offsets(list(places)))
        if any(offset > ends.get(place, 0) for place, offset in places.items()):
            raise NoLongerThere

    async def read(self, begin: Places, until: Places) -> AsyncIterator[tuple[list[Frame], Places]]:
        """Everything between two places of each partition, in pieces, each with where it ends.

        Raises:
            NoLongerThere: the log begins later.
            TimeoutError: the log does not answer.
            Unavailable: what is sensitive now cannot be known.
        """
        at = {place: offset for place, offset in begin.items() if offset < until[place]}
        self._client.assign(list(at))
        for place, offset in at.items():
            self._client.seek(place, offset)
        while behind := [place for place, offset in at.items() if offset < until[place]]:
            polled = await self._poll(behind)
            wanted = {place: [record for record in records if record.offset < until[place]] for place, records in polled.items()}
            shown = await frames(self._subjects, [event for place, records in wanted.items() for event in received(place, records)])
            at |= {place: min(records[-1].offset + 1, until[place]) for place, records in polled.items()}
            yield shown, dict(at)

    async def _poll(self, behind: list[TopicPartition]) -> dict[TopicPartition, list[Any]]:
        polled: dict[TopicPartition, list[Any]]
        try:
            async with asyncio.timeout(2 * _SILENCES):
                for _ in range(_SILENCES):
                    polled = await self._client.getmany(*behind, timeout_ms=1_000, max_records=RECORDS_AT_ONCE)
                    if polled:
                        return polled
        except OffsetOutOfRangeError as error:
            raise NoLongerThere from error
        message = "the log holds events that it does not hand out"
        raise TimeoutError(message)
