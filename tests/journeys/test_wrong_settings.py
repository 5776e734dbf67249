"""A service that is configured wrongly does not start; it says which setting is wrong, and shows no value."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roundtable.native.services import NAMES, _settings
from tests.journeys.conftest import Product

WRONG = {
    "readmodel": ("ROUNDTABLE_PORT", "eighty-eighty"),
    "meetings": ("ROUNDTABLE_KAFKA_SECURITY_PROTOCOL", "TELNET"),
    "concerns": ("ROUNDTABLE_REGISTRY_POLL_SECONDS", "-77"),
    "notifications": ("ROUNDTABLE_WEBHOOK_ALLOWED_NETWORKS", "the-cellar"),
}
OWN_SECONDS = 10


def started(product: Product, service: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A service with settings that are right but for these; it must have ended by itself within ten seconds of its own."""
    environment = {**os.environ, **_settings(product.engines, service, 0), **settings}
    argv = (sys.executable, "-m", f"{service}.main")
    since = time.monotonic()
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        lasted = time.monotonic() - since
        own = lasted - kept_waiting(process.pid)
        out, err = process.communicate()
    assert own < OWN_SECONDS
    return subprocess.CompletedProcess(argv, process.returncode, out, err)


def kept_waiting(pid: int) -> float:
    """For how many seconds other processes kept this one from a processor: on a full machine most of what a clock on the wall shows."""
    _, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(waited) / 1e9


@pytest.mark.parametrize("service", NAMES)
def test_a_service_with_a_wrong_setting_does_not_start_and_names_it(product: Product, service: str) -> None:
    name, value = WRONG[service]
    ended = started(product, service, **{name: value})

    assert ended.returncode == 78
    assert ended.stderr.startswith(f"{service}: {name}: ")
    assert len(ended.stderr.splitlines()) == 1
    assert value not in ended.stderr + ended.stdout


def test_a_service_without_a_setting_that_it_needs_does_not_start_and_names_it(product: Product) -> None:
    ended = started(product, "concerns", ROUNDTABLE_MONGO_URL="", ROUNDTABLE_KAFKA_PASSWORD="")

    assert ended.returncode == 78
    file = product.engines.home.secrets / "concerns" / "roundtable_mongo_url"
    assert f"concerns: ROUNDTABLE_MONGO_URL ({file}): " in ended.stderr
    assert product.engines.kafka_password("concerns") not in ended.stderr


def test_a_service_whose_database_address_is_no_address_does_not_start_and_names_the_setting(product: Product) -> None:
    ended = started(product, "concerns", ROUNDTABLE_MONGO_URL="mongodb//secret-host")

    assert ended.returncode == 78
    assert ended.stderr.startswith("concerns: ROUNDTABLE_MONGO_URL: ")
    assert "secret-host" not in ended.stderr + ended.stdout
