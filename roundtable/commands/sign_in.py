"""`roundtable sign-in`: a fresh one-time link to the dashboard."""

from typing import Annotated

import typer

from roundtable.commands.options import HomeOption, SubjectOption
from roundtable.grants import parse_grant
from roundtable.identity import OPERATOR
from roundtable.operator_desk import operator_desk
from roundtable.sign_in import every_grant, sign_in_link

_Grants = Annotated[
    list[str] | None,
    typer.Option("--grant", help="FORCE:ROLE[,ROLE]; without it, every role in every registered force."),
]


def sign_in(grant: _Grants = None, subject: SubjectOption = OPERATOR, home: HomeOption = None) -> None:
    """Print a link that signs a browser in, once and within 60 seconds."""
    chosen = [parse_grant(text) for text in grant or ()]
    with operator_desk(home) as desk:
        grants = chosen or every_grant(desk.provisioning)
        typer.echo(sign_in_link(desk.provisioning, desk.addresses.for_clients.services["readmodel"], subject, grants))
