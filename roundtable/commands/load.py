"""`roundtable load`: records the engagements of a file through the public API."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roundtable.commands.options import HomeOption
from roundtable.commands.steps import shown_steps
from roundtable.demonstration import forces_of, load_once
from roundtable.loading import read_engagements
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered

_File = Annotated[Path, typer.Argument(help="A YAML file of engagements, like roundtable/data/engagements.yaml.")]


def load(file: _File, home: HomeOption = None) -> None:
    """Load engagements through the public API; the same file again repeats nothing."""
    console = Console()
    with operator_desk(home) as desk, shown_steps(console) as steps:
        engagements = read_engagements(file)
        for force in forces_of(engagements):
            require_registered(desk.provisioning, force)
        fresh = load_once(desk.home, desk.addresses.services, file, steps.tell)
    typer.echo(f"{len(engagements)} engagements {'loaded' if fresh else 'were loaded before'}")
