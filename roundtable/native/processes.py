"""Child processes of the stack: each in a session of its own, with a log file, and dead when we are."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from roundtable.errors import OperatorError

_TETHER = Path(__file__).with_name("tether.py")
_LOG_LIMIT = 10_000_000
_LINE_LIMIT = 400
_TICK = 0.05


@dataclass(frozen=True)
class Command:
    """What to run, where its output goes and how many seconds it may take to end."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    grace: float = 10.0


class Started(Protocol):
    """Something that was started, here or in a container, and takes its time to answer."""

    @property
    def pid(self) -> int:
        """Process id on this machine, which is also its session's."""

    def await_answer(self, missing: Callable[[], str | None], within: float) -> None:
        """Wait until nothing is missing; raises OperatorError when it died or the seconds are over."""


class Child:
    """A running command. Must be started from a thread that lives as long as the child should."""

    def __init__(self, command: Command) -> None:
        """Start it."""
        self.command = command
        self._said_before = 0
        self._process = self._start()

    @property
    def name(self) -> str:
        """The name that operators know it by."""
        return self.command.name

    @property
    def pid(self) -> int:
        """Process id, which is also its session's."""
        return self._process.pid

    def exit_status(self) -> int | None:
        """None while it runs, else its exit status (negative: the signal that ended it)."""
        return self._process.poll()

    def restart(self) -> None:
        """Run the command again, once it has ended."""
        self._process = self._start()

    def terminate(self) -> None:
        """Ask it to end."""
        if self.exit_status() is None:
            self._process.send_signal(signal.SIGTERM)

    def await_end(self, deadline: float) -> None:
        """Wait until it has ended; at the deadline (monotonic seconds) kill it and what it started."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def await_answer(self, missing: Callable[[], str | None], within: float) -> None:
        """Wait until nothing is missing.

        Args:
            missing: what its answer still lacks, in words; None when it serves.
            within: seconds to wait at most.

        Raises:
            OperatorError: it died or the seconds are over; the message holds what is missing and the end of its log.
        """
        deadline = time.monotonic() + within
        while what := missing():
            if self.exit_status() is not None or time.monotonic() > deadline:
                raise OperatorError(self._why_silent(what))
            time.sleep(_TICK)

    def _start(self) -> subprocess.Popen[bytes]:
        _rotate(self.command.log)
        self._said_before = self.command.log.stat().st_size
        return _spawn(self.command)

    def _why_silent(self, missing: str) -> str:
        status = self.exit_status()
        what = missing if status is None else f"ended with status {status}"
        return f"{self.name} {what}. The end of {self.command.log}:\n{self._last_words()}"

    def _last_words(self, lines: int = 12) -> str:
        said = self.command.log.read_bytes()[self._said_before :]
        return "\n".join(line[:_LINE_LIMIT] for line in said.decode(errors="replace").splitlines()[-lines:])


def stop_all(children: list[Child]) -> None:
    """Ask all of them to end, then wait for each as long as its grace allows."""
    started = time.monotonic()
    for child in children:
        child.terminate()
    for child in children:
        child.await_end(started + child.command.grace)


def _spawn(command: Command) -> subprocess.Popen[bytes]:
    tethered = (sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *command.argv)
    with command.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the commands are our own
            tethered,
            env={**os.environ, **command.env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_name(f"{log.name}.1"))
    log.touch(mode=0o600)
