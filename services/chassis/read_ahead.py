"""Reading ahead in an outbox: while a batch is on its way to Kafka, the next is read and the one before is marked."""

import asyncio
from collections.abc import Collection as Names
from contextlib import suppress
from typing import Final

from chassis.mongo import Document
from chassis.outbox import Outbox
from chassis.waits import END_SECONDS, end, within

BATCH: Final = 1_000
IN_A_ROW: Final = 8
"""Batches that are read one after the other. Then reading begins at the beginning, where what came meanwhile may have its place."""


class ReadAhead:
    """Hands out pending records, and marks those that were acknowledged."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._reading: asyncio.Task[list[Document]] | None = None
        self._marking: asyncio.Task[None] | None = None
        self._read = 0
        self._handed_out = 0

    async def take(self, leave_out: Names[str]) -> list[Document]:
        """The next batch, of all forces but some; empty when nothing is pending."""
        reading, self._reading = self._reading, None
        records = [] if reading is None else await reading
        if not records:
            records = await self._from_the_beginning(leave_out)
        self._handed_out = len(records)
        self._read_ahead(records, leave_out)
        return records

    async def mark(self, records: list[Document]) -> None:
        """Mark those of the batch that were acknowledged; where another has been read ahead, while that is sent.

        Raises:
            Unavailable: of this batch, or of the one before.
        """
        if len(records) < self._handed_out:
            # What was read ahead may come after what is still to be sent, and must not overtake it.
            await self._stop_reading()
        await self._marked()
        if records:
            self._marking = asyncio.create_task(self._outbox.mark([record["_id"] for record in records]))
        if self._reading is None:
            await self._marked()

    async def forget(self) -> None:
        """Let go of what was read ahead, and see the marking to its end, whatever that is: what it leaves is sent again."""
        await self._stop_reading()
        marking, self._marking = self._marking, None
        if marking is not None:
            with suppress(TimeoutError):
                await within(END_SECONDS, asyncio.gather(marking, return_exceptions=True))

    async def _from_the_beginning(self, leave_out: Names[str]) -> list[Document]:
        # What is not marked yet would be taken, and sent, again.
        await self._marked()
        self._read = 0
        return await self._outbox.take(BATCH, leave_out)

    def _read_ahead(self, records: list[Document], leave_out: Names[str]) -> None:
        self._read += 1
        # A batch that is read ahead lacks earlier versions of its first aggregate, which were read and left out.
        if len(records) > BATCH // 2 and self._read < IN_A_ROW:
            self._reading = asyncio.create_task(self._outbox.take(BATCH, leave_out, after=records[-1]))

    async def _stop_reading(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            await end([reading])

    async def _marked(self) -> None:
        marking, self._marking = self._marking, None
        if marking is not None:
            await marking
