"""What one running service has at hand. There is one runtime in a process, at `request.app.state.runtime`."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from chassis.auth import Authenticator, utc_now
from chassis.backlog import Backlog
from chassis.health import Checks
from chassis.keys import KeyStore
from chassis.mongo import Mongo
from chassis.outbox import Outbox
from chassis.rates import Rates
from chassis.registry import Registry
from chassis.settings import Settings

T = TypeVar("T")


@dataclass
class Runtime:
    """The parts of a running service.

    Attributes:
        stopping: set at once when the process is told to end; streams and loops end with it.
        prepared: set once the indexes are made; background work begins then.
        rates: how often one may ask this process.
        backlog: how much waits in the service's outbox, and whether more may be recorded.
        recorded: set when something was recorded in this process, so that the relay need not wait for its next look.
        clock: the time; tests hold it.
        exits: what must be closed at the end.
    """

    name: str
    settings: Settings
    mongo: Mongo
    keys: KeyStore
    registry: Registry
    authenticator: Authenticator
    checks: Checks = field(init=False)
    backlog: Backlog = field(init=False)
    rates: Rates = field(init=False)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    recorded: asyncio.Event = field(default_factory=asyncio.Event)
    prepared: asyncio.Event = field(default_factory=asyncio.Event)
    clock: Callable[[], datetime] = utc_now
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)
    _kept: dict[type[Any], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the checks, which fail once the process is told to end, and what counts: the backlog and the rates."""
        self.checks = Checks(self.stopping)
        self.backlog = Backlog(Outbox(self.mongo, self.name), self.settings.outbox_limit)
        own = self.settings
        self.rates = Rates(own.principal_rate, own.attempt_rate, own.anyone_rate, own.trusted_proxies)

    def now(self) -> datetime:
        """This instant, UTC, to the millisecond that events keep."""
        now = self.clock().astimezone(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def keep(self, part: T) -> T:
        """Keep a part of the service's own, to be asked for by its type."""
        self._kept[type(part)] = part
        return part

    def kept(self, kind: type[T]) -> T:
        """The service's own part of that type.

        Raises:
            KeyError: no such part was kept.
        """
        found: T = self._kept[kind]
        return found
