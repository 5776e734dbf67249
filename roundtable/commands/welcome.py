"""What `roundtable demo` says when everything runs: the addresses, a sign-in link, a first request."""

import shlex
import sys
from pathlib import Path

from rich.console import Console

from roundtable.home import Home
from roundtable.identity import OPERATOR
from roundtable.native.stack import Stack
from roundtable.sign_in import VALID, every_grant, sign_in_link

_TITLES = {
    "readmodel": "dashboard and queries",
    "meetings": "meetings",
    "concerns": "concerns and actions",
    "notifications": "notifications",
}


def welcome(stack: Stack, console: Console, seconds: float) -> None:
    """Print it, as plain lines that can be copied."""
    console.print(f"\n[bold]Roundtable is running[/] [dim](started in {seconds:.1f} s)[/]\n", highlight=False)
    for line in (*_addresses(stack), "", *_sign_in(stack), "", *_first_request(stack), ""):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print("Ctrl-C stops all of it; the data stays in", str(stack.engines.home.root), highlight=False)


def _addresses(stack: Stack) -> list[str]:
    at = stack.addresses
    services = [(_TITLES[name], url) for name, url in at.services.items()]
    engines = [("Kafka", at.bootstrap_servers), ("MongoDB", at.mongo)]
    return [f"  {title:<22}{address}" for title, address in (*services, *engines)]


def _sign_in(stack: Stack) -> list[str]:
    desk = stack.engines.provisioning
    link = sign_in_link(desk, stack.addresses.services["readmodel"], OPERATOR, every_grant(desk))
    seconds = int(VALID.total_seconds())
    return [f"  Sign in: {link}", f"  (works once, within {seconds} s; `{_program()} sign-in{_home(stack)}` prints another)"]


def _first_request(stack: Stack) -> list[str]:
    url = stack.addresses.services["readmodel"]
    fresh = f"$({_program()} token{_home(stack)} --grant northamptonshire:reader)"
    return [f'  curl -H "Authorization: Bearer {fresh}" \\', f"       '{url}/v1/meetings?force=northamptonshire'"]


def _program() -> str:
    """This program, as it was called."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "roundtable" else "roundtable"


def _home(stack: Stack) -> str:
    """The option that names the data folder, where it is not the one that is meant without it."""
    root = stack.engines.home.root
    return "" if root == Home.chosen(None).root else f" --home {shlex.quote(str(root))}"
