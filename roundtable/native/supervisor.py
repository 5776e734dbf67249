"""Watches the stack's processes: one that dies is started again, ever more slowly, and that is said."""

import time
from collections.abc import Callable

from roundtable.native.processes import Child

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0

Tell = Callable[[str], None]


class Watch:
    """One child, and how patient we are with it. Times are monotonic seconds."""

    def __init__(self, child: Child, now: float) -> None:
        """Begin with a child that was just started."""
        self._child = child
        self._started = now
        self._failures = 0
        self._restart_at: float | None = None

    def look(self, now: float, tell: Tell) -> None:
        """Note a death, or restart the child when its pause is over."""
        if self._restart_at is not None:
            self._restart_when_due(now, tell)
        elif self._child.exit_status() is not None:
            self._note_death(now, tell)

    def _note_death(self, now: float, tell: Tell) -> None:
        if now - self._started > STEADY_SECONDS:
            self._failures = 0
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._failures)
        self._failures += 1
        self._restart_at = now + pause
        child = self._child
        tell(f"{child.name} ended ({_describe(child.exit_status())}): starting it again in {pause:g} s, see {child.command.log}")

    def _restart_when_due(self, now: float, tell: Tell) -> None:
        if self._restart_at is None or now < self._restart_at:
            return
        self._child.restart()
        self._restart_at, self._started = None, now
        tell(f"{self._child.name} started again (process {self._child.pid})")


class Supervisor:
    """Keeps children running until someone interrupts it."""

    def __init__(self, children: list[Child], tell: Tell) -> None:
        """Watch these children from now on."""
        self._tell = tell
        self._watches = [Watch(child, time.monotonic()) for child in children]

    def look(self) -> None:
        """Look at every child once."""
        for watch in self._watches:
            watch.look(time.monotonic(), self._tell)

    def keep_watch(self, interval: float = 0.2) -> None:
        """Look again and again; ends by KeyboardInterrupt alone."""
        while True:
            self.look()
            time.sleep(interval)


def _describe(status: int | None) -> str:
    return f"signal {-status}" if status is not None and status < 0 else f"status {status}"
