"""`roundtable positions`: where services stand in the log, and what to do where one was stopped."""

from typing import Annotated

import typer

from contracts.topics import topic
from roundtable.commands.options import ForceOption, HomeOption
from roundtable.operator_desk import operator_desk
from roundtable.positions import Standing, resume, standings

app = typer.Typer(no_args_is_help=True, help="Show where services stand in the log, and let one go on that was stopped.")

_Service = Annotated[str, typer.Option("--service", help="readmodel or notifications.")]
_Partition = Annotated[int, typer.Option("--partition", help="Number of the partition.")]
_FromStart = Annotated[bool, typer.Option("--from-start", help="Read the log again from its beginning instead: newer versions win.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")]


@app.command("list")
def list_positions(home: HomeOption = None) -> None:
    """Print of each service and partition where it stands, where the log begins and ends, and why it does not go on."""
    with operator_desk(home) as desk:
        for each in standings(desk.provisioning):
            typer.echo(f"{each.service}\t{each.topic}\t{each.partition}\t{each.offset}\t{_range(each)}\t{each.stopped or 'reads on'}")


@app.command("resume")
def resume_partition(
    service: _Service,
    force: ForceOption,
    partition: _Partition,
    from_start: _FromStart = False,  # noqa: FBT002 - typer's flag
    yes: _Yes = False,  # noqa: FBT002 - typer's flag
    home: HomeOption = None,
) -> None:
    """Let a stopped partition be read on: where it stood, once its log was restored; or from the start of the log that there is."""
    if not yes:
        asked = "Read it again from the start?" if from_start else "Does the log hold everything again up to where the service stood?"
        typer.confirm(asked, abort=True)
    with operator_desk(home) as desk:
        offset = resume(desk.provisioning, service, topic(force), partition, from_start=from_start)
    typer.echo(f"{service} reads partition {partition} of {topic(force)} on from {offset}")


def _range(at: Standing) -> str:
    return "unknown" if at.start is None else f"{at.start}-{at.end}"
