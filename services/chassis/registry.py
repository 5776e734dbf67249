"""The registry of forces and grants, as it was last read: who may do what, where, now.

It is read every few seconds. While MongoDB is away, what was last known holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import structlog

from chassis.logs import told
from chassis.mongo import Mongo, Unavailable
from chassis.principal import EVERY_FORCE, Principal, Role
from contracts.topics import PARTITIONS

log = structlog.get_logger()
DATABASE: Final = "registry"
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """The registry at one moment.

    Attributes:
        forces: name of each registered force, by slug.
        partitions: partitions of each force's topic.
        revoked: the roles taken away from a subject in a force; an empty set stands for all of them.
    """

    forces: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[str, int] = field(default_factory=dict)
    revoked: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, forces: Sequence[Document], grants: Sequence[Document]) -> Self:
        """Read the documents of `registry.forces` and of the revoked ones of `registry.grants`."""
        return cls(
            {force["_id"]: force["name"] for force in forces},
            {force["_id"]: force.get("partitions", PARTITIONS) for force in forces},
            {(grant["subject"], grant["force"]): frozenset(grant.get("roles") or ()) for grant in grants},
        )


class Registry:
    """Forces and grants as they stand now.

    Args:
        read: reads the registry once.
    """

    def __init__(self, read: Callable[[], Awaitable[Snapshot]]) -> None:
        self._read = read
        self._known = Snapshot()
        self._changed = asyncio.Event()
        self.loaded = False
        """Whether the registry was ever read: before that, nothing can be said about anyone's grants."""
        self.generation = 0
        """Grows whenever forces or grants have changed."""

    @classmethod
    def of(cls, mongo: Mongo) -> Self:
        """The registry that stands in MongoDB."""

        async def read() -> Snapshot:
            forces = await mongo.collection(DATABASE, "forces").find({})
            return Snapshot.of(forces, await mongo.collection(DATABASE, "grants").find({"revoked_at": {"$ne": None}}))

        return cls(read)

    @property
    def forces(self) -> Mapping[str, str]:
        """Name of each registered force, by slug."""
        return self._known.forces

    @property
    def partitions(self) -> Mapping[str, int]:
        """How many partitions each force's topic has."""
        return self._known.partitions

    @property
    def partition_count(self) -> int:
        """How many partitions the topics of all forces have."""
        return sum(self.partitions.values())

    def roles(self, principal: Principal, force: str) -> frozenset[Role]:
        """The roles of a principal in a force now; none in a force that is not registered."""
        if force not in self._known.forces:
            return frozenset()
        none: frozenset[Role] = frozenset()
        granted = principal.grants.get(force, none) | principal.grants.get(EVERY_FORCE, none)
        for where in (force, EVERY_FORCE):
            revoked = self._known.revoked.get((principal.subject, where))
            if revoked is not None:
                granted = granted - revoked if revoked else none
        return granted

    def admits(self, principal: Principal, force: str, roles: Iterable[Role]) -> bool:
        """Whether a principal has one of these roles in a force now."""
        return not self.roles(principal, force).isdisjoint(roles)

    def granted(self, principal: Principal, roles: Iterable[Role]) -> list[str]:
        """The registered forces in which a principal has one of these roles now, in order."""
        wanted = frozenset(roles)
        return sorted(force for force in self._known.forces if self.admits(principal, force, wanted))

    async def refresh(self) -> None:
        """Read the registry now.

        Raises:
            Unavailable: MongoDB is away.
        """
        read = await self._read()
        self.loaded = True
        if read != self._known:
            self._known = read
            self.generation += 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def changed(self, seen: int) -> int:
        """Wait until the registry is of another generation than the one seen; that generation."""
        while self.generation == seen:
            await self._changed.wait()
        return self.generation

    async def poll(self, stopping: asyncio.Event, seconds: float) -> None:
        """Read the registry every so many seconds until the service stops."""
        while not stopping.is_set():
            try:
                await self.refresh()
            except Unavailable as error:
                log.warning("registry_unreadable", error=told(error))
            try:
                async with asyncio.timeout(seconds):
                    await stopping.wait()
            except TimeoutError:
                continue
