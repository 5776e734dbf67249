"""`roundtable parked`: what services could not handle, why, and what becomes of it."""

import getpass
import json
import os
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from roundtable.commands.options import HomeOption
from roundtable.errors import OperatorError
from roundtable.grants import parse_lifetime
from roundtable.operator_desk import OperatorDesk, operator_desk
from roundtable.parked import Does, Parked, ask, parked_events

app = typer.Typer(no_args_is_help=True, help="Show events that could not be handled, hand them to their service again, or give them up.")

_Id = Annotated[str, typer.Argument(metavar="ID", help="As `parked list` shows it.")]
_Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As `parked list` shows them.")]
_Force = Annotated[str | None, typer.Option("--force", help="Only this force's.")]
_Service = Annotated[str | None, typer.Option("--service", help="Only what this service parked: readmodel or notifications.")]
_All = Annotated[bool, typer.Option("--all", help="Everything that is parked.")]
_Json = Annotated[bool, typer.Option("--json", help="Print it for a program to read.")]
_Wait = Annotated[str, typer.Option("--wait", help="How long to wait for the services, for example 30s or 5m.")]
_By = Annotated[str | None, typer.Option("--by", help="Who asks; the user of this machine when not given.")]
_Why = Annotated[str, typer.Option("--why", help="Why, for whoever asks later; name nobody.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")]
_DONE: Final = {"redrive": "redriven", "discard": "discarded"}


@app.command("list")
def list_parked(force: _Force = None, service: _Service = None, home: HomeOption = None, as_json: _Json = False) -> None:  # noqa: FBT002 - typer's flag
    """Print what is parked: id, service, type and version of the event, when it was parked, and why."""
    with operator_desk(home) as desk:
        found = parked_events(desk.provisioning, service, force)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], indent=2))
    else:
        typer.echo("\n".join(map(_line, found)) or "nothing is parked")


@app.command()
def show(event: _Id, service: _Service = None, home: HomeOption = None) -> None:
    """Print all that is known of a parked event, of each service that parked it. What it holds is not shown: it was sealed or sent."""
    with operator_desk(home) as desk:
        found = parked_events(desk.provisioning, service, ids=[event])
    typer.echo(json.dumps([each.as_json() for each in found], indent=2))


@app.command()
def redrive(  # noqa: PLR0913, PLR0917 - each is an option
    events: _Ids = None,
    force: _Force = None,
    service: _Service = None,
    everything: _All = False,  # noqa: FBT002 - typer's flag
    by: _By = None,
    wait: _Wait = "30s",
    home: HomeOption = None,
) -> None:
    """Hand parked events to their service again, as if they came now; the exit status is 0 only when all were handled.

    Do so once a release that understands them runs. An event that a newer one has overtaken changes no record, and is told all the same.
    """
    with operator_desk(home) as desk:
        _ask(desk, _chosen(desk, events, force, service, everything=everything), "redrive", by, "", wait)


@app.command()
def discard(  # noqa: PLR0913, PLR0917 - each is an option
    why: _Why,
    events: _Ids = None,
    force: _Force = None,
    service: _Service = None,
    everything: _All = False,  # noqa: FBT002 - typer's flag
    by: _By = None,
    wait: _Wait = "30s",
    yes: _Yes = False,  # noqa: FBT002 - typer's flag
    home: HomeOption = None,
) -> None:
    """Give parked events up for good. Who did it, when and why is kept; what they held is not."""
    with operator_desk(home) as desk:
        chosen = _chosen(desk, events, force, service, everything=everything)
        if chosen and not yes:
            typer.confirm(f"Give up {len(chosen)} parked events for good?", abort=True)
        _ask(desk, chosen, "discard", by, why, wait)


def _chosen(desk: OperatorDesk, ids: Sequence[str] | None, force: str | None, service: str | None, *, everything: bool) -> Sequence[Parked]:
    if bool(ids) + bool(force or (service and not ids)) + everything != 1:
        message = "say which: name ids, or --force, or --service, or --all"
        raise OperatorError(message)
    return parked_events(desk.provisioning, service, force, ids or ())


def _ask(desk: OperatorDesk, chosen: Sequence[Parked], does: Does, by: str | None, why: str, wait: str) -> None:
    seconds = parse_lifetime(wait).total_seconds()
    failed = 0
    for outcome in ask(desk.provisioning, chosen, does, by or _user(), why, seconds):
        failed += not outcome.done
        said = _DONE[does] if outcome.done else f"stays parked: {outcome.why}"
        typer.echo(f"{outcome.parked.id}\t{outcome.parked.service}\t{said}")
    if not chosen:
        typer.echo("nothing is parked")
    raise typer.Exit(1 if failed else 0)


def _line(parked: Parked) -> str:
    said = parked.as_json()
    event = said.get("event") or {}
    what = (
        f"{event.get('type', 'unreadable')} {event.get('subject', '')}@{event.get('sequence', '?').lstrip('0')}" if event else "unreadable"
    )
    tried = f", tried {said['attempts']} times" if said.get("attempts") else ""
    return f"{parked.id}\t{parked.service}\t{what}\t{said.get('parked_at', '')}{tried}\t{said.get('why', said.get('error', ''))}"


def _user() -> str:
    """Who runs the command; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
