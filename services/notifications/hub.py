"""The hub: one reader of the log for every live stream of the process. It belongs to no group and moves no position."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from chassis.kafka import READ_SECONDS, REQUEST_SECONDS, consumer, stop
from chassis.mongo import Unavailable
from chassis.runtime import Runtime
from chassis.stored_log import LogUnavailable
from chassis.waits import together, within
from contracts.topics import topic
from notifications.cursor import Places
from notifications.frames import Frame, frames, received
from notifications.store import Subjects

log = structlog.get_logger()
RECORDS_AT_ONCE: Final = 1_000
REPLAYS_AT_ONCE: Final = 4
QUIET_SECONDS: Final = 10.0


class Listener:
    """One client's place at the hub: what it has not taken yet, up to a bound."""

    def __init__(self, wants: Callable[[Frame], bool], most: int) -> None:
        self._wants = wants
        self._most = most
        self._waiting: deque[Frame] = deque()
        self._woken = asyncio.Event()
        self.too_slow = False

    def offer(self, frame: Frame) -> None:
        """Keep an event for the client, if it wants it; a client that is too far behind gets nothing more."""
        if self.too_slow or not self._wants(frame):
            return
        self._waiting.append(frame)
        if len(self._waiting) > self._most:
            self.too_slow = True
            self._waiting.clear()
        self._woken.set()

    def wake(self) -> None:
        """Let the client look up, though there may be nothing for it."""
        self._woken.set()

    @property
    def idle(self) -> bool:
        """Whether the client has taken everything."""
        return not self._waiting

    async def next(self, seconds: float) -> Frame | None:
        """The next event; None when none came within so many seconds, or there is something else to look to."""
        if not self._waiting:
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), seconds)
            except TimeoutError:
                return None
        return self._waiting.popleft() if self._waiting else None


class Hub:
    """Reads every partition of every registered force from where the log ended when it began, and tells its listeners."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._subjects = Subjects(runtime.mongo)
        self.places: Places = {}
        """How far everyone has been told."""
        self.ready = asyncio.Event()
        self.listeners: set[Listener] = set()
        self.replays = asyncio.Semaphore(REPLAYS_AT_ONCE)
        self.clients = 0
        self._heard_at = time.monotonic()

    async def run(self) -> None:
        """Read until the service stops; a reader that fails is made anew, and goes on where it was."""
        try:
            await together(self._keep_reading(), self._heed_registry())
        finally:
            self._wake_all()

    async def _keep_reading(self) -> None:
        while not self._runtime.stopping.is_set():
            await self._read()

    async def wake_at_the_end(self) -> None:
        """Let every client look up as soon as the service is told to stop."""
        await self._runtime.stopping.wait()
        self._wake_all()

    async def _read(self) -> None:
        client = consumer(self._runtime.settings, partitions=self._runtime.registry.partition_count)
        try:
            await within(REQUEST_SECONDS, client.start())
            while not self._runtime.stopping.is_set():
                await self._round(client)
        except OffsetOutOfRangeError:
            # The log is another one than it was: only a new process begins at its end, and every client is told so.
            raise
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("hub_starts_anew", why=type(error).__name__)
            await asyncio.sleep(1)
        finally:
            await stop(client)

    async def _round(self, client: AIOKafkaConsumer) -> None:
        await self._take_up(client)
        if not self.places:
            await asyncio.sleep(0.1)
            return
        async with asyncio.timeout(REQUEST_SECONDS):
            polled = await client.getmany(timeout_ms=200, max_records=RECORDS_AT_ONCE)
        if polled:
            self._heard_at = time.monotonic()
            # Whoever joins from here on begins after these: where nobody listens, nobody needs to know what they are.
            self._tell(await self._framed(polled) if self.listeners else _passed(polled))
        elif time.monotonic() - self._heard_at > QUIET_SECONDS:
            await self._look_for_more(client)

    async def _look_for_more(self, client: AIOKafkaConsumer) -> None:
        """Make sure that nothing is there when nothing is heard: a reader can stay stuck after a broker was away.

        Raises:
            TimeoutError: there are events that this reader does not get.
        """
        ends = await self._ends(client, list(self.places))
        if any(offset > self.places[place] for place, offset in ends.items()):
            message = "the log holds events that the hub does not hear of"
            raise TimeoutError(message)
        self._heard_at = time.monotonic()

    async def _take_up(self, client: AIOKafkaConsumer) -> None:
        """Read the partitions of exactly the forces that are registered now.

        What is registered when the hub begins is read from its end on; what is registered later from its beginning, for all of it is new.
        """
        registered = self._registered()
        if self.ready.is_set() and registered == self.places.keys() and registered == client.assignment():
            return
        fresh = sorted(registered - self.places.keys())
        begin = dict.fromkeys(fresh, 0) if self.ready.is_set() else await self._ends(client, fresh)
        self.places = {place: offset for place, offset in (self.places | begin).items() if place in registered}
        if self.places:
            client.assign(sorted(self.places))
        for place, offset in self.places.items():
            client.seek(place, offset)
        if self._runtime.registry.loaded:
            self.ready.set()

    async def begun(self) -> None:
        """Return when the log is being read.

        Raises:
            LogUnavailable: the process has only begun, and the log does not answer.
        """
        try:
            await asyncio.wait_for(self.ready.wait(), READ_SECONDS)
        except TimeoutError as error:
            message = "the log of events does not answer"
            raise LogUnavailable(message) from error

    async def reached(self, force: str) -> dict[int, int]:
        """Where the log of a force ends, as far as this process has read, by partition.

        Raises:
            LogUnavailable: it has not begun to read, nor could it.
        """
        await self.begun()
        return {place.partition: offset for place, offset in self.places.items() if place.topic == topic(force)}

    def _registered(self) -> set[TopicPartition]:
        counts = self._runtime.registry.partitions.items()
        return {TopicPartition(topic(force), number) for force, count in counts for number in range(count)}

    async def _ends(self, client: AIOKafkaConsumer, places: list[TopicPartition]) -> Places:
        return dict(await within(REQUEST_SECONDS, client.end_offsets(places))) if places else {}

    async def _framed(self, polled: Mapping[TopicPartition, list[Any]]) -> list[tuple[TopicPartition, int, list[Frame]]]:
        """What was read of each partition, and where reading goes on. Nothing is shown before it is known what is sensitive."""
        events = {place: received(place, records) for place, records in polled.items()}
        while True:
            try:
                shown = await frames(self._subjects, [event for found in events.values() for event in found])
                break
            except Unavailable as error:
                log.warning("hub_waits_for_mongo", why=str(error)[:200])
                await asyncio.sleep(0.5)
        return [(place, records[-1].offset + 1, [frame for frame in shown if frame.place == place]) for place, records in polled.items()]

    def _tell(self, read: list[tuple[TopicPartition, int, list[Frame]]]) -> None:
        """Offer and move on at once, without a pause between: a client that joins or looks sees either all of it or nothing."""
        for place, after, found in read:
            for frame in found:
                for listener in self.listeners:
                    listener.offer(frame)
            self.places[place] = after

    async def _heed_registry(self) -> None:
        """Let every client look up whenever a grant may have gone."""
        seen = self._runtime.registry.generation
        while True:
            seen = await self._runtime.registry.changed(seen)
            self._wake_all()

    def _wake_all(self) -> None:
        for listener in self.listeners:
            listener.wake()


def _passed(polled: Mapping[TopicPartition, list[Any]]) -> list[tuple[TopicPartition, int, list[Frame]]]:
    return [(place, records[-1].offset + 1, []) for place, records in polled.items()]
