"""`roundtable backup` and `roundtable restore`: the data of a stack of docker compose, as a stream."""

import sys
from typing import Annotated

import typer

from roundtable.commands.options import HomeOption
from roundtable.deployed.archive import read_archive, write_archive
from roundtable.deployed.settings import Deployment
from roundtable.errors import OperatorError
from roundtable.home import Home

_Keys = Annotated[bool, typer.Option("--keys", help="The forces' keys, and nothing else.")]


def backup(keys: _Keys = False, home: HomeOption = None) -> None:  # noqa: FBT002 - typer's flag
    """Write a deployment that stands still to the standard output; its forces' keys apart, with --keys."""
    Deployment.required()
    if sys.stdout.isatty():
        message = "a backup is no text: send it into a file, `… init backup > ../data.tar.gz`"
        raise OperatorError(message)
    write_archive(Home.chosen(home), sys.stdout.buffer, keys=keys)


def restore(keys: _Keys = False, home: HomeOption = None) -> None:  # noqa: FBT002 - typer's flag
    """Read a backup from the standard input into a deployment that holds nothing yet."""
    Deployment.required()
    if sys.stdin.isatty():
        message = "name the backup: `… init restore < ../data.tar.gz`"
        raise OperatorError(message)
    read_archive(Home.chosen(home), sys.stdin.buffer, keys=keys)
