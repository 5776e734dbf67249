"""`roundtable republish`: sends the newest event of records once more, for those who lost it."""

from typing import Annotated

import typer

from roundtable.commands.options import ForceOption, HomeOption
from roundtable.errors import OperatorError
from roundtable.operator_desk import operator_desk
from roundtable.provisioning import require_registered

_Subject = Annotated[str | None, typer.Option("--subject", help="Id of one record; without it, every record of the force.")]
_Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only records whose newest event is of this type, such as concern-raised; again for each."),
]


def republish(force: ForceOption, subject: _Subject = None, type_: _Types = None, home: HomeOption = None) -> None:
    """Send the current state of records again, as the event that made it: same id, time and version, so that nobody is told twice."""
    # It knows events by the services' own code: half a second that no other command need wait for.
    from roundtable.republishing import Wanted, republish_records  # noqa: PLC0415 - as said above

    wanted = Wanted.of(force, subject, type_ or ())
    with operator_desk(home) as desk:
        require_registered(desk.provisioning, force)
        sent = republish_records(desk.provisioning, wanted)
    if subject and not sent:
        message = f"{force} has no record {subject}{' whose newest event is of this type' if type_ else ''}"
        raise OperatorError(message)
    typer.echo(f"{sent} records of {force} are on their way again")
