"""`roundtable rebuild`: builds the read model anew beside the live one, and swaps."""

import time
from typing import Annotated, Final

import typer

from readmodel.model import Outcome, Standing, Wanted
from roundtable.commands.options import HomeOption
from roundtable.errors import OperatorError
from roundtable.live_model import standing
from roundtable.operator_desk import operator_desk

_Watch = Annotated[bool, typer.Option("--watch/--no-wait", help="Show how far it is, to its end; or only ask for it.")]
_Cancel = Annotated[bool, typer.Option("--cancel", help="Drop the one that is under way; the live model stays as it is.")]
_Accept = Annotated[
    bool,
    typer.Option("--accept-differences", help="Swap even if it holds more or fewer records than the live model, or parks other events."),
]
_EVERY_SECONDS: Final = 5.0


def rebuild(
    watch: _Watch = True,  # noqa: FBT002 - typer's flags
    cancel: _Cancel = False,  # noqa: FBT002 - typer's flag
    accept_differences: _Accept = False,  # noqa: FBT002 - typer's flag
    home: HomeOption = None,
) -> None:
    """Build the read model anew from the log, beside the live one, which answers meanwhile; verify it, and swap.

    The exit status is 0 only when it was swapped. Interrupted, it goes on in the services; the same command watches it again.
    """
    # It asks for the projection of the services' own code: half a second that no other command need wait for.
    from roundtable.rebuilding import ask, ask_to_cancel, follow, heard  # noqa: PLC0415 - as said above

    with operator_desk(home) as desk:
        before = standing(desk.provisioning)
        if cancel:
            heard(desk.provisioning, ask_to_cancel(desk.provisioning))
            typer.echo("the rebuild is cancelled" if before and before.wanted else "no rebuild is under way")
            return
        wish = ask(desk.provisioning, accepts=accept_differences)
        if not watch:
            typer.echo("a rebuild is asked for: `roundtable rebuild` watches it")
            return
        ended = follow(desk.provisioning, wish, Shown().show)
    if ended.outcome is not Outcome.SWAPPED:
        message = f"{ended.model} was {ended.outcome}: {ended.why}"
        raise OperatorError(message)
    typer.echo(f"{ended.model} is live: {ended.why}")


class Shown:
    """What was shown last: a line for each phase, and every few seconds one that says how far it is."""

    def __init__(self) -> None:
        self._phase: str | None = None
        self._at = 0.0

    def show(self, now: Standing) -> None:
        """Show what stands, unless that was shown just now."""
        wanted = now.wanted
        if wanted is None or (wanted.phase == self._phase and time.monotonic() - self._at < _EVERY_SECONDS):
            return
        self._phase, self._at = wanted.phase, time.monotonic()
        typer.echo(line(wanted))


def line(wanted: Wanted) -> str:
    """How far a build is, in words."""
    if wanted.phase is None:
        return f"waiting: a read model takes up {wanted.model}"
    left = wanted.seconds_left
    remaining = f", {wanted.rate:,.0f} a second, {_duration(left)} left" if left else ""
    return f"{wanted.phase}: {wanted.done:,} of {wanted.every:,} events{remaining}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
