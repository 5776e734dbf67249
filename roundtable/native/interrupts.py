"""Ctrl-C, SIGTERM and a closed terminal all end the stack in the same orderly way."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def orderly_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first of these signals; further ones are ignored while the stack stops."""
    before = {number: signal.signal(number, _interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGHUP:
        _fall_silent()
    raise KeyboardInterrupt


def _fall_silent() -> None:
    """The terminal is gone: a word about stopping would fail, and keep us from stopping in order."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
