"""What one process of notifications has besides what every service has. It is made at first use, and needs nobody to be there."""

import asyncio
from functools import cached_property

from chassis.runtime import Runtime
from notifications.channels.addresses import Reach, Resolver
from notifications.hub import Hub
from notifications.settings import Settings

SENDING_AT_ONCE = 40
"""Deliveries under way in one process."""


class Parts:
    """The parts of one process."""

    def __init__(self, runtime: Runtime) -> None:
        if not isinstance(runtime.settings, Settings):
            message = "notifications reads settings of its own"
            raise TypeError(message)
        self.settings = runtime.settings
        self.due = asyncio.Event()
        """Set when there may be something to send, so that the sender need not wait for its next look."""
        self.hub = Hub(runtime)

    @property
    def reach(self) -> Reach:
        """What webhooks may reach."""
        return Reach(self.settings.webhook_allowed_networks, self.settings.webhook_allow_http)

    @cached_property
    def resolver(self) -> Resolver:
        """Finds the addresses of receivers."""
        return Resolver(self.reach, SENDING_AT_ONCE)


def parts(runtime: Runtime) -> Parts:
    """The parts of the process that a runtime is of."""
    try:
        return runtime.kept(Parts)
    except KeyError:
        return runtime.keep(Parts(runtime))
