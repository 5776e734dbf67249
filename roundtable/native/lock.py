"""One stack for one data folder: whoever holds the lock runs it."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from roundtable.errors import OperatorError
from roundtable.home import Home

# A command that looks whether a stack runs holds the lock for a moment; a stack holds it as long as it lives.
_PATIENCE_SECONDS = 0.5
_TICK = 0.05


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the folder; raises OperatorError, naming the holder's process, when another stack does.

    The kernel releases the lock when its holder dies, whatever it dies of.
    """
    with (home.root / "lock").open("a+") as file:
        _take(file, home)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_held(home: Home) -> bool:
    """Whether a stack runs on this folder now."""
    path = home.root / "lock"
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def refuse_second(home: Home) -> None:
    """Raise OperatorError, naming the holder's process, when a stack runs on this folder."""
    if is_held(home):
        raise _held(home)


def _take(file: IO[str], home: Home) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            if time.monotonic() > deadline:
                raise _held(home) from reason
        time.sleep(_TICK)


def _held(home: Home) -> OperatorError:
    holder = (home.root / "lock").read_text()
    return OperatorError(f"a stack already runs on {home.root} (process {holder}): stop it, or choose another --home")


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Wait for whoever else changes secrets of this data folder, and say so: a command may have been typed twice."""
    descriptor = os.open(home.root, os.O_RDONLY)
    try:
        _wait(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.stderr.write("another command, or a start, works on this deployment's secrets: waiting until it has ended\n")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
