"""How processes are hurt: killed outright, stopped and continued; each returns once the kernel has done it."""

import os
import signal
from collections.abc import Iterable

import psutil

from roundtable.native.processes import Child
from tests.journeys.reaching import wait_until


def kill(*children: Child) -> None:
    """SIGKILL them all at once, and see them dead."""
    for child in children:
        os.kill(child.pid, signal.SIGKILL)
    for child in children:
        await_death(child)


def await_death(child: Child, within: float = 90.0) -> None:
    """Wait until a process has ended, by its own hand or another's."""
    wait_until(lambda: child.exit_status() is not None, within=within)


def stop(*children: Child) -> None:
    """SIGSTOP them, and see them stopped."""
    for child in children:
        os.kill(child.pid, signal.SIGSTOP)
    await_stop(children)


def await_stop(children: Iterable[Child], within: float = 90.0) -> None:
    """Wait until processes are stopped, by their own hand or another's."""
    wait_until(lambda: all(is_stopped(child) for child in children), within=within)


def is_stopped(child: Child) -> bool:
    """Whether the kernel says that a process is stopped."""
    return str(psutil.Process(child.pid).status()) == psutil.STATUS_STOPPED


def go_on(*children: Child) -> None:
    """SIGCONT them."""
    for child in children:
        os.kill(child.pid, signal.SIGCONT)
