"""A wrong clock: everything that this one process reads of the time of day is off by as many seconds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import time_machine


def shift(seconds: int) -> None:
    """Shift the clock. It goes on; what measures spans of time is not touched."""
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True).start()


CLOCKS: dict[str, Callable[[int], None]] = {"clock": shift}
