"""`roundtable provision apply` and `show`: an installation as one reviewed file says it should be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from roundtable.administrator import administrator
from roundtable.commands.options import HomeOption
from roundtable.credentials import Credentials
from roundtable.desired import Bench, Plan, look, plan, read_desired, shown
from roundtable.errors import OperatorError
from roundtable.operator_desk import OperatorDesk, operator_alone, operator_desk

WOULD_CHANGE: Final = 2
"""The exit status of `--dry-run` where something would be changed."""
_File = Annotated[Path, typer.Argument(help="The reviewed file; - is standard input. deploy/provision.example.yml is one.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change and change nothing; exit with 2 if anything would.")]
_Folder = Annotated[
    Path | None,
    typer.Option("--credentials", help="The folder for the client.properties of new consumers; secrets/consumers of the data folder else."),
]


def apply(file: _File, *, dry_run: _DryRun = False, credentials: _Folder = None, home: HomeOption = None) -> None:
    """Make forces, consumers, grants and Roundtable's own rights as a file says; what is so already stays as it is.

    A line for each change: + is missing, ~ is not as it should be, - should be no more; ? is there and not named, and is left;
    ! is wrong and cannot be mended here.
    """
    said = read_desired(file)
    with operator_alone(home) as desk, _bench(desk, credentials) as bench:
        planned = plan(said, look(bench, said.forces))
        for change in planned.changes:
            if not dry_run:
                change.make(bench)
            typer.echo(str(change))
    _conclude(planned, dry_run=dry_run)


def show(home: HomeOption = None) -> None:
    """Print the installation as the file that would leave it as it is: where a reviewed file begins."""
    with operator_desk(home) as desk, _bench(desk, None) as bench:
        typer.echo(shown(look(bench)), nl=False)


@contextmanager
def _bench(desk: OperatorDesk, credentials: Path | None) -> Iterator[Bench]:
    with administrator(desk) as mongo:
        folder = credentials or desk.home.consumers
        yield Bench(desk.provisioning, mongo, Credentials(desk.home.secrets), folder, desk.client_properties)


def _conclude(planned: Plan, *, dry_run: bool) -> None:
    """What is left as it is, then how many changes there were, then what is wrong.

    Raises:
        OperatorError: something is wrong that cannot be mended here.
    """
    for each in planned.left:
        typer.echo(f"? {each}: not named, left as it is")
    count = len(planned.changes)
    typer.echo(f"{count} change{'s' if count > 1 else ''} {'to make' if dry_run else 'made'}" if count else "nothing to change")
    if planned.faults:
        raise OperatorError("\n".join(f"! {fault}" for fault in planned.faults))
    if count and dry_run:
        raise typer.Exit(WOULD_CHANGE)
