"""`roundtable init`: the first thing that a stack of docker compose does."""

import typer

from roundtable.commands.options import HomeOption
from roundtable.deployed.first_start import initialise
from roundtable.deployed.settings import Deployment
from roundtable.home import Home


def init(home: HomeOption = None) -> None:
    """Make the secrets of a new deployment; of an old one, say which are missing or wrong. Nothing is overwritten."""
    chosen = Home.chosen(home)
    if made := initialise(chosen, Deployment.required()):
        typer.echo(f"{len(made)} secrets of this deployment are made, in {chosen.secrets}: back them up with its data")
