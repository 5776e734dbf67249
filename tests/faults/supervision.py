"""A supervisor for the services: one that ends by itself is started again, as compose and systemd do it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.world import World

_TICK = 0.2
_LONGEST_PAUSE = 10.0


@contextmanager
def supervised(world: World) -> Iterator[list[str]]:
    """Start services again that have ended; the names of those grow."""
    ended: list[str] = []
    done = threading.Event()
    thread = threading.Thread(target=_look_after, args=(world, ended, done))
    thread.start()
    try:
        yield ended
    finally:
        done.set()
        thread.join()


def _look_after(world: World, ended: list[str], done: threading.Event) -> None:
    while not done.wait(_TICK):
        for name, service in list(world.services.items()):
            if service.child.exit_status() is not None:
                ended.append(name)
                done.wait(min(_LONGEST_PAUSE, ended.count(name) * _TICK))
                service.child.restart()
