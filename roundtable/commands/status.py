"""`roundtable status`: each part's address, whether it is ready, and why not."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from roundtable.commands.options import HomeOption
from roundtable.condition import Condition, Service, condition_of, is_well
from roundtable.operator_desk import operator_desk

_Json = Annotated[bool, typer.Option("--json", help="Print it for a program to read.")]


def status(home: HomeOption = None, as_json: _Json = False) -> None:  # noqa: FBT002 - typer's flag
    """Show what runs and how it is; the exit status is 0 only when all is well."""
    with operator_desk(home) as desk:
        condition = condition_of(desk)
    if as_json:
        typer.echo(json.dumps(condition, indent=2))
    else:
        _show(condition)
    raise typer.Exit(0 if is_well(condition) else 1)


def _show(condition: Condition) -> None:
    console = Console()
    console.print(_parts(condition), _forces(condition))


def _parts(condition: Condition) -> Table:
    table = Table("part", "address", "ready", "why not", box=None)
    kafka, mongo = condition["kafka"], condition["mongo"]
    table.add_row("kafka", kafka["bootstrap_servers"], _yes(ready=kafka["ready"]), kafka["why"] or "")
    table.add_row("mongo", mongo["address"], _yes(ready=mongo["ready"]), mongo["why"] or "")
    for name, service in condition["services"].items():
        table.add_row(name, service["url"], _yes(ready=service["ready"]), _why(service))
    return table


def _forces(condition: Condition) -> Table:
    table = Table("force", "lag", "outbox pending", box=None)
    for slug, force in condition["forces"].items():
        lag = "unknown" if force["lag"] is None else str(force["lag"])
        table.add_row(slug, lag, str(force["outbox_pending"]))
    return table


def _yes(*, ready: bool) -> str:
    return "[green]yes[/]" if ready else "[red]no[/]"


def _why(service: Service) -> str:
    if not service["ready"] and not service["checks"]:
        return "does not answer"
    failing = {name: check for name, check in service["checks"].items() if not check["ok"]}
    return "; ".join(f"{name}: {check['why']}" for name, check in failing.items())
