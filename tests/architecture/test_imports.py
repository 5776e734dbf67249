"""Who may import whom. Each rule is shown to bite: a copy of the code that breaks it is refused."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from roundtable.documents import circle, imports

ROOT = Path(__file__).resolve().parents[2]

BREACHES = {
    "services-stand-alone": ("services/concerns/domain/__init__.py", "import meetings.domain"),
    "layers": ("services/contracts/topics.py", "import chassis.lease"),
    "pure-core": ("services/readmodel/projections.py", "import fastapi"),
    "one-driver": ("services/notifications/store.py", "import pymongo"),
    "inside-meetings": ("services/meetings/use_cases.py", "import meetings.api"),
    "inside-concerns": ("services/concerns/domain/__init__.py", "import concerns.use_cases"),
}


def lint(tree: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import importlinter.cli as c; c.lint_imports_command()", "--no-cache", "--contract", contract]
    environment = os.environ | {"PYTHONPATH": f"{tree}/services:{tree}"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("services", "roundtable"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "static", "schemas", "examples"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("contract", BREACHES)
def test_a_rule_of_imports_holds_and_bites(tree: Path, contract: str) -> None:
    kept = lint(tree, contract)
    file, line = BREACHES[contract]
    breached = tree / file
    breached.write_text(breached.read_text() + f"\n{line}\n")
    broken = lint(tree, contract)

    assert kept.returncode == 0, kept.stdout
    assert broken.returncode == 1, broken.stdout
    assert "BROKEN" in broken.stdout


def test_every_rule_of_imports_has_a_breach_to_show_that_it_bites() -> None:
    text = (ROOT / "pyproject.toml").read_text()

    assert {line.split('"')[1] for line in text.splitlines() if line.startswith("id = ")} == set(BREACHES)


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle(imports()) is None
