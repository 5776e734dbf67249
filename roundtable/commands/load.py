"""`roundtable load`: records the engagements of a file through the public API."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roundtable.commands.options import HomeOption
from roundtable.commands.steps import shown_steps
from roundtable.demonstration import DATA, forces_of, load_once, register
from roundtable.errors import OperatorError
from roundtable.loading import Engagement, read_engagements
from roundtable.operator_desk import OperatorDesk, operator_desk
from roundtable.provisioning import require_registered

_File = Annotated[Path | None, typer.Argument(help="A YAML file of engagements, like roundtable/data/engagements.yaml.")]
_Demonstration = Annotated[bool, typer.Option("--demonstration", help="Load the demonstration data, and register its forces first.")]


def load(file: _File = None, demonstration: _Demonstration = False, home: HomeOption = None) -> None:  # noqa: FBT002 - typer's flag
    """Load engagements through the public API; the same file again repeats nothing."""
    chosen = DATA if demonstration else file
    if chosen is None or (demonstration and file):
        message = "name a file of engagements, or --demonstration"
        raise OperatorError(message)
    console = Console()
    with operator_desk(home) as desk, shown_steps(console) as steps:
        engagements = read_engagements(chosen)
        _require_forces(desk, engagements, is_ours=demonstration)
        fresh = load_once(desk.home, desk.addresses.services, chosen, steps.tell)
    typer.echo(f"{len(engagements)} engagements {'loaded' if fresh else 'were loaded before'}")


def _require_forces(desk: OperatorDesk, engagements: tuple[Engagement, ...], *, is_ours: bool) -> None:
    for force in forces_of(engagements):
        if is_ours:
            register(desk, force)
        else:
            require_registered(desk.provisioning, force)
