"""The operator's page: each command line of it does what the page says, beside the running product instead of in a container."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import PROGRAM, Product, announced
from tests.operating_page import blocks

CLI = "docker compose run --rm cli"
EXCHANGES = f"{CLI} rotate"
"""Begins what exchanges secrets, by which other tests have signed in: test_engines_tls.py, faults/test_rotation.py, and in containers."""

BEFORE = {
    "grants restore": ("restore", "revoke"),
    "provision revoke-consumer their-dashboard": ("revoke-consumer their-dashboard", "consumer their-dashboard --force northamptonshire"),
    "provision apply - <": ("apply - <", "show >"),
    "provision apply - --dry-run <": ("apply - --dry-run <", "show >"),
}
"""What the page has done before a command; it is the command itself, with other words in the place of some."""


def commands() -> list[str]:
    """Every command of the page that the command line answers, without what is said beside it."""
    # Only a container could be given a terminal.
    lines = [line.replace(" --no-TTY cli ", " cli ") for block in blocks() for line in block.lines]
    return list(dict.fromkeys(line.partition("  #")[0].strip() for line in lines if CLI in line))


@pytest.mark.parametrize("command", [command for command in commands() if EXCHANGES not in command])
def test_a_command_of_the_operators_page_works_as_it_stands(product: Product, command: str, tmp_path: Path) -> None:
    script = command.replace(CLI, PROGRAM)
    home = os.environ | {"ROUNDTABLE_HOME": str(product.engines.home.root)}
    script = "".join(f"{script.replace(*instead)} && " for words, instead in BEFORE.items() if words in command) + script
    with announced(product):
        argv = ["/bin/bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(argv, env=home, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - our own page

    # How much room this machine has is the doctor's business, and no fault of the page.
    assert done.returncode == 0 or "doctor" in command, done.stdout + done.stderr
    assert "> client.properties" not in command or "bootstrap.servers=" in (tmp_path / "client.properties").read_text()
    assert done.stderr == ""


def test_the_page_tells_of_the_commands_that_operators_need() -> None:
    told = {command.partition(CLI)[2].split()[0] for command in commands()}

    assert told >= {"status", "doctor", "sign-in", "forces", "provision", "token", "grants", "sessions", "parked", "positions"}
    assert told >= {"verify", "republish", "rebuild", "rotate"}
