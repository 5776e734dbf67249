"""What a request asks of the database: the shape of each command, so that two requests can be seen to take the same way."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pymongo import monitoring

_ASKED: ContextVar[list[str] | None] = ContextVar("asked", default=None)


class _Shapes(monitoring.CommandListener):
    """Notes commands in the order in which the request that is under way sends them."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        asked = _ASKED.get()
        if asked is not None:
            filters = event.command.get("filter", event.command.get("pipeline"))
            asked.append(f"{event.command_name} {event.command.get(event.command_name)} {_shape(filters)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """What was answered tells nothing of the way."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """As above."""


@contextmanager
def counted() -> Iterator[None]:
    """Listen to every client that is made within."""
    listeners = monitoring._LISTENERS.command_listeners
    shapes = _Shapes()
    listeners.append(shapes)
    try:
        yield
    finally:
        listeners.remove(shapes)


@contextmanager
def asked() -> Iterator[list[str]]:
    """The commands that are sent within, by this task and what it begins."""
    commands: list[str] = []
    token = _ASKED.set(commands)
    try:
        yield commands
    finally:
        _ASKED.reset(token)


def _shape(value: Any) -> Any:
    """What a filter looks at, without what it looks for."""
    if isinstance(value, Mapping):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return type(value).__name__
