"""What the page about security names as its evidence is there."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "security.md").read_text()
THREATS: Final = [line for line in PAGE.splitlines() if line.startswith("| ") and "tests/" in line]


def test_every_threat_names_a_test() -> None:
    (table,) = re.findall(r"^\| who, .*?\n\n", PAGE, re.DOTALL | re.MULTILINE)
    rows = table.strip().splitlines()[2:]
    assert rows == THREATS


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE))))
def test_a_test_that_the_page_names_is_there(named: str) -> None:
    assert (ROOT / named).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)", PAGE))))
def test_a_command_that_the_page_names_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
