"""`roundtable demo`: everything from nothing on this machine, until Ctrl-C."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from roundtable.commands.options import HomeOption
from roundtable.commands.steps import Steps, shown_steps
from roundtable.commands.welcome import welcome
from roundtable.demonstration import DATA, forces_of, load_once
from roundtable.home import Home
from roundtable.loading import read_engagements
from roundtable.native.interrupts import orderly_interrupts
from roundtable.native.stack import Stack, start_stack
from roundtable.native.supervisor import Supervisor

_NoData = Annotated[bool, typer.Option("--no-data", help="Start empty, without the demonstration data.")]
_Tls = Annotated[bool, typer.Option("--tls", help="Speak TLS to Kafka and MongoDB, by certificates of the data folder's own authority.")]
_PortBase = Annotated[int, typer.Option(min=1, max=65_532, help="First of the four services' ports.")]


def demo(
    home: HomeOption = None,
    no_data: _NoData = False,  # noqa: FBT002 - typer's flag
    port_base: _PortBase = 8000,
    tls: _Tls = False,  # noqa: FBT002 - typer's flag
) -> None:
    """Start Kafka, MongoDB and the services, load the demonstration data, and stay until Ctrl-C."""
    console = Console()
    began = time.monotonic()
    forces = [] if no_data else forces_of(read_engagements(DATA))
    with orderly_interrupts(), _farewell(console), shown_steps(console) as steps:
        root = Home.chosen(home).root
        with start_stack(root, port_base, forces, steps.tell, tls=tls) as stack:
            if not no_data:
                load_once(stack.engines.home, stack.addresses.services, DATA, steps.tell)
            _stay(stack, steps, console, began)


def _stay(stack: Stack, steps: Steps, console: Console, began: float) -> None:
    steps.done()
    welcome(stack, console, time.monotonic() - began)
    Supervisor(stack.children, lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)).keep_watch()


@contextmanager
def _farewell(console: Console) -> Iterator[None]:
    """Being interrupted is how a demonstration ends, and no failure."""
    try:
        yield
    except KeyboardInterrupt:
        console.print("stopped; the data is kept")
