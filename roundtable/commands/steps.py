"""Shows the steps of a long start: what happens now, and how long each took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


class Steps:
    """Prints each step when it is over; on a terminal, a spinner shows the one that runs."""

    def __init__(self, console: Console) -> None:
        """Show them on this console."""
        self._console = console
        self._status = Status("", console=console)
        self._current: str | None = None
        self._began = 0.0

    def tell(self, text: str) -> None:
        """Begin a step, or say more of the one that runs: what stands before a colon names the step."""
        step = text.partition(":")[0]
        if step != self._current:
            self.done()
            self._current, self._began = step, time.monotonic()
            self._announce(step)
        self._status.update(text)
        self._status.start()

    def done(self) -> None:
        """End the step that runs."""
        self._status.stop()
        if self._current and self._console.is_terminal:
            took = time.monotonic() - self._began
            self._console.print(f"[green]✓[/] {self._current} [dim]{took:.1f} s[/]", highlight=False)
        self._current = None

    def _announce(self, step: str) -> None:
        # Without a terminal there is no spinner, and a long download would look like a standstill.
        if not self._console.is_terminal:
            self._console.print(f"… {step}", markup=False, highlight=False)


@contextmanager
def shown_steps(console: Console) -> Iterator[Steps]:
    """Steps on this console; the last one ends with the block."""
    steps = Steps(console)
    try:
        yield steps
    finally:
        steps.done()
