"""`roundtable token`: a bearer token of the demonstration issuer."""

from typing import Annotated

import typer

from roundtable.commands.options import GrantOption, HomeOption, SubjectOption
from roundtable.errors import OperatorError
from roundtable.grants import parse_grant, parse_lifetime
from roundtable.home import Home
from roundtable.identity import OPERATOR, Issuer

_Lifetime = Annotated[str, typer.Option("--ttl", help="How long it is valid: 90s, 30m, 1h or 7d.")]


def token(grant: GrantOption, subject: SubjectOption = OPERATOR, ttl: _Lifetime = "1h", home: HomeOption = None) -> None:
    """Print a bearer token of the demonstration issuer, and nothing else."""
    chosen = Home.chosen(home)
    if not chosen.issuer_key.exists():
        message = f"{chosen.root} holds no issuer's key: `roundtable demo` makes it at its first start"
        raise OperatorError(message)
    grants = [parse_grant(text) for text in grant]
    typer.echo(Issuer(chosen).token(subject, grants, parse_lifetime(ttl)))
