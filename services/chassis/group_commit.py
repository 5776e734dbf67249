"""Group commit: what waits at the same moment is committed together, and each that waits has an outcome of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from chassis.mongo import Unavailable

LARGEST_GROUP: Final = 64
COMMITTERS: Final = 2
"""While one group is on its way to the disk, the next is put together and written."""


class Touching(Protocol):
    """Something to commit, which knows what it touches."""

    @property
    def touches(self) -> frozenset[str]:
        """Names of everything that it rests on or changes: two with one of them in common are never committed at once."""


E = TypeVar("E", bound=Touching)
Commit = Callable[[Sequence[E]], Awaitable[None]]
"""Commits all of its entries or none."""


@dataclass(eq=False)
class _Waiting(Generic[E]):
    entry: E
    touches: frozenset[str]
    outcome: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, error: Exception | None) -> None:
        """Tell the one who waits; someone who was cancelled meanwhile waits no more."""
        if self.outcome.done():
            return
        if error is None:
            self.outcome.set_result(None)
        else:
            self.outcome.set_exception(error)


class GroupCommit(Generic[E]):
    """The queue of one process before its database. A lone entry is committed at once: nothing here waits for company."""

    def __init__(self, commit: Commit[E]) -> None:
        self._commit = commit
        self._queue: list[_Waiting[E]] = []
        self._under_way: set[str] = set()
        self._committing = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, entry: E) -> None:
        """Commit an entry, alone or with others.

        An entry whose caller is cancelled is left out if it still waits; if it is under way, it goes on with its group.

        Raises:
            Unavailable: whether it took hold is not known. It says so to all of a group.
            Exception: what `commit` raised for this entry alone.
        """
        waiting = _Waiting(entry, entry.touches)
        self._queue.append(waiting)
        self._call_committer()
        await waiting.outcome

    async def drain(self) -> None:
        """Return when nothing waits any more and nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _call_committer(self) -> None:
        if self._committing < COMMITTERS:
            self._committing += 1
            # Of no request's context: what it logs belongs to all of its group.
            task = asyncio.get_running_loop().create_task(self._work(), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while group := self._take():
                touched: set[str] = set().union(*(waiting.touches for waiting in group))
                self._under_way |= touched
                try:
                    await self._settle(group)
                finally:
                    self._under_way -= touched
        finally:
            # Between the last look at the queue and this line nothing else runs, so that no entry is left without a committer.
            self._committing -= 1

    def _take(self) -> list[_Waiting[E]]:
        """The longest waiting entries that touch nothing of each other's, nor of what is under way; the others keep their place."""
        group: list[_Waiting[E]] = []
        staying: list[_Waiting[E]] = []
        held = set(self._under_way)
        for waiting in self._queue:
            if waiting.outcome.cancelled():
                continue
            fits = len(group) < LARGEST_GROUP and held.isdisjoint(waiting.touches)
            # What stays holds what it touches too, so that none overtakes it there.
            held |= waiting.touches
            (group if fits else staying).append(waiting)
        self._queue = staying
        return group

    async def _settle(self, group: list[_Waiting[E]]) -> None:
        try:
            error = await self._outcome(group)
        except BaseException:
            self._tell(group, Unavailable("the process ends before the commit was answered"))
            raise
        if error is None or isinstance(error, Unavailable) or len(group) == 1:
            self._tell(group, error)
        else:
            # One of them cannot commit, and nobody knows which: each by itself is told its own.
            await asyncio.gather(*(self._settle([waiting]) for waiting in group))

    async def _outcome(self, group: list[_Waiting[E]]) -> Exception | None:
        try:
            await self._commit([waiting.entry for waiting in group])
        # Whatever it is, it is raised again where the entry came from.
        except Exception as error:  # noqa: BLE001 - the reason stands above
            return error
        return None

    def _tell(self, group: list[_Waiting[E]], error: Exception | None) -> None:
        for waiting in group:
            # An error that is raised in several places would carry the traces of all of them.
            waiting.settle(error if len(group) == 1 or error is None else Unavailable(str(error)))
