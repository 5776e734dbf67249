"""The driver's client, made anew once the password or those who sign certificates are others: nobody is told more than to come again."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final

import structlog
from pymongo.errors import ConfigurationError

from chassis.mongo.errors import SignInRefused, Unavailable, translated

log = structlog.get_logger()
LINGERS_SECONDS: Final = 30.0
"""How long a client stays open after another has taken its place, for what is under way: longer than anything it does may take."""
LOOKS_SECONDS: Final = 1.0
"""How often it is looked whether something else counts by now."""
SETTLES_SECONDS: Final = 2.0
"""How long something has to have been written before it is gone by: servers are told of a password after its file was written. To wait for
the first refusal instead would cost every open connection, all of which a driver then closes, and what is under way on them."""


@dataclass(frozen=True)
class Proof:
    """What both sides prove themselves by, as it stands now: files may hold something else than before."""

    password: str
    authority_changed_at: int
    """When the file of those who sign the servers' certificates was written: nanoseconds, 0 without one."""


class Door:
    """The way in to one replica set.

    Args:
        make: makes a client that signs in with a password.
        proof: what counts now.
    """

    def __init__(self, make: Callable[[str], Any], proof: Callable[[], Proof]) -> None:
        self._make = make
        self._proof = proof
        self._used = proof()
        self.client = make(self._used.password)
        self._looks_at = 0.0
        self._news: tuple[Proof, float] | None = None
        self._lingering: set[asyncio.Task[None]] = set()

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Turn the driver's errors into those that callers know.

        Raises:
            SignInRefused: the password that counts now is refused.
            Unavailable: also where another password counts than the one that was refused; it is shown from now on.
        """
        if time.monotonic() >= self._looks_at:
            self._look()
        used = self._used
        try:
            with translated():
                yield
        except Unavailable:
            # A server whose certificate is not trusted is away, too.
            self._has_moved_on(used)
            raise
        except SignInRefused as error:
            if not self._has_moved_on(used):
                raise
            message = "the password has become another one"
            raise Unavailable(message) from error

    async def close(self) -> None:
        """Let every connection go."""
        for task in tuple(self._lingering):
            task.cancel()
        await asyncio.gather(*self._lingering, return_exceptions=True)
        await _closed(self.client)

    def _look(self) -> None:
        """Go by what is written now, once it has been so for long enough, before anyone is refused."""
        now, current = time.monotonic(), self._proof()
        self._looks_at = now + LOOKS_SECONDS
        if current == self._used:
            self._news = None
        elif self._news is None or self._news[0] != current:
            self._news = current, now
        elif now >= self._news[1] + SETTLES_SECONDS:
            self._replace(current)

    def _has_moved_on(self, failed: Proof) -> bool:
        """Whether something else counts than what failed; the first who asks makes the client that goes by it."""
        if self._used == failed:
            current = self._proof()
            if current == failed:
                return False
            self._replace(current)
        return True

    def _replace(self, proof: Proof) -> None:
        before = self.client
        try:
            self.client = self._make(proof.password)
        except (ConfigurationError, OSError) as error:
            # The file of authorities is away, or written by halves: what counted before does so until it is there.
            log.warning("cannot_sign_in_anew", engine="mongo", why=type(error).__name__)
            return
        self._used, self._news = proof, None
        log.info("signs_in_anew", engine="mongo")
        task = asyncio.create_task(_lingers(before))
        self._lingering.add(task)
        task.add_done_callback(self._lingering.discard)


async def _lingers(client: Any) -> None:  # noqa: ANN401 - of one driver or the other
    try:
        await asyncio.sleep(LINGERS_SECONDS)
    finally:
        await _closed(client)


async def _closed(client: Any) -> None:  # noqa: ANN401 - as above
    closing = client.close()
    if isawaitable(closing):
        await closing
