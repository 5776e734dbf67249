"""One client's live stream: what it may see, from where it was, until something ends it."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from chassis import metrics
from chassis.mongo import Unavailable
from chassis.principal import Role
from chassis.visit import Visit
from contracts.topics import force_of
from notifications.cursor import Cursor, Cursors, Places
from notifications.frames import Frame
from notifications.hub import Hub, Listener
from notifications.replay import NoLongerThere, Replay
from notifications.settings import Settings
from notifications.store import registered_since

log = structlog.get_logger()
NEAR: Final = 200
"""Events behind the hub at which a client joins it: few enough for its queue to hold what comes meanwhile."""
RETRY_MILLISECONDS: Final = 2_000
LISTENING: Final = (Role.SUBSCRIBER, Role.READER, Role.SENSITIVE_READER)
"""The roles that may hear a force's events; what is sensitive is redacted for each of them."""
_SLACK: Final = timedelta(minutes=1)
"""How long a force may be registered before every process has seen it, and then some."""


@dataclass(frozen=True)
class Wish:
    """What a client asked for: no forces means all that are granted to it, no types means every type."""

    forces: frozenset[str]
    types: frozenset[str]
    last_event_id: str | None = None


class Session:
    """A live stream from its first byte to its last."""

    def __init__(self, visit: Visit, wish: Wish, hub: Hub, cursors: Cursors, settings: Settings) -> None:
        self._visit = visit
        self._wish = wish
        self._hub = hub
        self._cursors = cursors
        self._heartbeat = settings.stream_heartbeat_seconds
        self._listener = Listener(self._wants, settings.stream_queue)
        self._standing = set(wish.forces or visit.forces(*LISTENING))
        self._at: Places = self._within(hub.places)
        # Chance spreads the clients' coming back out; nobody has to be unable to guess it.
        lasting = settings.stream_seconds * random.uniform(0.9, 1)  # noqa: S311 - chance that nobody has to be unable to guess
        valid = (visit.principal.expires_at - visit.runtime.now()).total_seconds()
        self._until = asyncio.get_running_loop().time() + min(lasting, valid)

    async def lines(self) -> AsyncIterator[str]:
        """The stream, piece by piece."""
        self._hub.clients += 1
        metrics.stream_clients.inc()
        try:
            async for piece in self._told():
                yield piece
        except (KafkaError, TimeoutError, Unavailable) as error:
            # The client comes back with what it has, and goes on from there.
            log.warning("stream_broken_off", why=type(error).__name__)
        finally:
            self._hub.listeners.discard(self._listener)
            self._hub.clients -= 1
            metrics.stream_clients.dec()

    async def _told(self) -> AsyncIterator[str]:
        before = await self._resumed()
        if before is not None:
            self._at = before
        yield f": connected\nretry: {RETRY_MILLISECONDS}\nid: {self._id()}\n\n"
        if before is None and self._wish.last_event_id:
            yield self._resync()
        async for piece in self._replayed():
            yield piece
        async for piece in self._live():
            yield piece
        yield f": ended: {self._over()}\n\n"

    async def _resumed(self) -> Places | None:
        """Where the client was, in what it may see now; None when that cannot be told from what it sent.

        A force whose grant was revoked is left out, and keeps nobody from going on with the others.
        """
        cursor = self._cursors.read(self._wish.last_event_id) if self._wish.last_event_id else None
        if cursor is None:
            return None
        sent, cursor = cursor, cursor.within(frozenset(filter(self._granted, cursor.forces)))
        if sent.places and not cursor.places:
            return None
        live = self._within(self._hub.places)
        new = await registered_since(self._visit.runtime.mongo, self._forces(live) - cursor.forces, cursor.at - _SLACK)
        known = self._within(cursor.places)
        if any(place not in live for place in known) or any(place not in known for place in live if force_of(place.topic) in cursor.forces):
            return None
        return live | known | {place: 0 for place in live if force_of(place.topic) in new}

    async def _replayed(self) -> AsyncIterator[str]:
        """What the client has missed; it joins the hub when it is near enough, and reads up to where it joined."""
        ahead = {place: offset for place, offset in self._at.items() if offset > self._hub.places.get(place, 0)}
        if not self._behind() and not ahead:
            self._hub.listeners.add(self._listener)
            return
        try:
            async with self._hub.replays, Replay(self._visit.runtime) as replay:
                await replay.check(ahead)
                # Of a stream that is over nothing more is read: it would stay behind for ever.
                while self._behind() > NEAR and not self._over():
                    async for piece in self._read(replay):
                        yield piece
                self._hub.listeners.add(self._listener)
                async for piece in self._read(replay):
                    yield piece
        except NoLongerThere:
            self._hub.listeners.add(self._listener)
            self._at = self._within(self._hub.places)
            yield self._resync()

    async def _read(self, replay: Replay) -> AsyncIterator[str]:
        until = {place: self._hub.places.get(place, offset) for place, offset in self._at.items()}
        async for found, at in replay.read(dict(self._at), until):
            for frame in found:
                if self._over():
                    return
                if self._wants(frame):
                    yield self._event(frame)
            self._at |= at
            yield self._sign_of_life()

    async def _live(self) -> AsyncIterator[str]:
        while not self._over():
            frame = await self._listener.next(max(0.0, min(self._heartbeat, self._until - asyncio.get_running_loop().time())))
            if frame is not None and not self._over():
                yield self._event(frame)
            elif frame is None and self._listener.idle and not self._over():
                self._at |= {place: max(offset, self._at.get(place, 0)) for place, offset in self._within(self._hub.places).items()}
                yield self._sign_of_life()
        if self._listener.too_slow:
            metrics.stream_clients_dropped_total.inc()

    def _over(self) -> str | None:
        """Why the stream ends now, if it does. It is asked before every event."""
        if self._visit.runtime.stopping.is_set():
            return "the service stops"
        if asyncio.get_running_loop().time() >= self._until:
            return "its time is up"
        if not all(self._granted(force) for force in self._standing):
            return "a grant was revoked"
        return "too slow" if self._listener.too_slow else None

    def _granted(self, force: str) -> bool:
        return self._visit.runtime.registry.admits(self._visit.principal, force, LISTENING)

    def _in_scope(self, force: str) -> bool:
        return force in self._wish.forces if self._wish.forces else self._granted(force)

    def _wants(self, frame: Frame) -> bool:
        """Whether an event is for this client, and new to it."""
        if not self._in_scope(frame.force):
            return False
        if frame.place not in self._at:
            # A force that is new: whatever of it was told before this event, was told before the client could see it.
            self._standing.add(frame.force)
            self._at |= {place: offset for place, offset in self._hub.places.items() if force_of(place.topic) == frame.force}
        return (not self._wish.types or frame.type in self._wish.types) and frame.offset >= self._at.get(frame.place, 0)

    def _within(self, places: Places) -> Places:
        return {place: offset for place, offset in places.items() if self._in_scope(force_of(place.topic))}

    def _forces(self, places: Places) -> set[str]:
        return {force_of(place.topic) for place in places}

    def _behind(self) -> int:
        return sum(max(0, self._hub.places.get(place, 0) - offset) for place, offset in self._at.items())

    def _id(self) -> str:
        return self._cursors.write(Cursor(self._at, self._visit.runtime.now()))

    def _event(self, frame: Frame) -> str:
        self._at[frame.place] = frame.offset + 1
        return f"event: {frame.type}\ndata: {frame.data}\nid: {self._id()}\n\n"

    def _sign_of_life(self) -> str:
        """A comment, and the cursor: a client that is told nothing for long does not have to read all of that again."""
        return f": heartbeat\nid: {self._id()}\n\n"

    def _resync(self) -> str:
        """Say that something may have been missed: the client reads the state again, and goes on from here."""
        return f'event: resync\ndata: {{"reason":"the place where you were is not known here"}}\nid: {self._id()}\n\n'
