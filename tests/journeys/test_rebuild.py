"""`roundtable rebuild` beside the whole product: people read and write, processes are killed, and nobody is told anything again."""

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Self

import httpx2
import pytest

from roundtable.live_model import standing
from tests.journeys.conftest import PROGRAM, Product, announced, wait_until
from tests.journeys.reaching import created
from tests.journeys.test_engines_away import hanging
from tests.journeys.test_kill import all_concerns, kill_and_start


@pytest.fixture
def force(product: Product) -> str:
    slug = f"r-{secrets.token_hex(4)}"
    product.add_force(slug)
    return slug


@pytest.fixture
def home(product: Product) -> Iterator[str]:
    with announced(product):
        yield str(product.engines.home.root)


def roundtable(home: str, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [PROGRAM, command, "--home", home, *options]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100)  # noqa: S603 - our own program


def rebuild(home: str, *options: str) -> subprocess.CompletedProcess[str]:
    return roundtable(home, "rebuild", *options)


class Use:
    """Someone who raises concerns and reads each back, and what they were refused."""

    def __init__(self, product: Product, force: str) -> None:
        self._product = product
        self._force = force
        self._thread = threading.Thread(target=self._run)
        self._stopped = threading.Event()
        self.raised: list[str] = []
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(30)

    def _run(self) -> None:
        with (
            self._product.client("concerns", f"{self._force}:recorder") as writer,
            self._product.client("readmodel", f"{self._force}:reader") as reader,
        ):
            while not self._stopped.is_set():
                self._once(writer, reader)

    def _once(self, writer: httpx2.Client, reader: httpx2.Client) -> None:
        record = created(writer.post(f"/v1/forces/{self._force}/concerns", json={"category": "drugs"}))
        found = reader.get(f"/v1/concerns/{record['id']}", params={"min_version": 1, "wait": "5s"})
        listed = reader.get("/v1/concerns", params={"force": self._force, "limit": 1})
        self.raised.append(record["id"])
        self.refused += [answer.text for answer in (found, listed) if answer.status_code != httpx2.codes.OK]


def test_a_rebuild_swaps_while_people_write_and_read_and_subscribers_hear_nothing_of_it(product: Product, force: str, home: str) -> None:
    before, told = product.live_model().build, deliveries(product)
    with Use(product, force) as use:
        wait_until(lambda: len(use.raised) >= 10, within=60)
        done = rebuild(home)
        time.sleep(4)  # until the handover is over

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "is live" in done.stdout.splitlines()[-1]
    assert product.live_model().build > before
    assert use.refused == []
    verified = roundtable(home, "verify", "--force", force)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with product.client("readmodel", f"{force}:reader") as reader:
        assert sorted(concern["id"] for concern in all_concerns(reader, force)) == sorted(use.raised)
    assert deliveries(product) == told


def test_a_rebuild_goes_on_when_command_and_service_are_killed(product: Product, force: str, home: str) -> None:
    before = product.live_model().build
    with Use(product, force) as use:
        wait_until(lambda: len(use.raised) >= 10, within=60)
    argv = [PROGRAM, "rebuild", "--home", home]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as asking:  # noqa: S603 - our own program
        wait_until(lambda: (now := standing(product.engines.provisioning)) is not None and now.wanted is not None, within=30)
        os.kill(asking.pid, signal.SIGKILL)
    kill_and_start(product.services["readmodel"])

    wait_until(lambda: product.live_model().build > before, within=60)
    with product.client("readmodel", f"{force}:reader") as reader:
        wait_until(lambda: sorted(concern["id"] for concern in all_concerns(reader, force)) == sorted(use.raised))


def test_a_rebuild_goes_on_when_mongodb_was_away_for_longer_than_the_right_to_build_lasts(product: Product, force: str, home: str) -> None:
    before = product.live_model().build
    with Use(product, force) as use:
        wait_until(lambda: len(use.raised) >= 10, within=60)
    argv = [PROGRAM, "rebuild", "--home", home]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:  # noqa: S603 - our own program
        wait_until(lambda: (now := standing(product.engines.provisioning)) is not None and now.wanted is not None, within=30)
        with hanging(product.engines.home.mongo / "data"):
            time.sleep(10)
        said, complaints = asking.communicate(timeout=90)

    assert (asking.returncode, complaints) == (0, ""), said
    assert product.live_model().build > before
    with product.client("readmodel", f"{force}:reader") as reader:
        wait_until(lambda: sorted(concern["id"] for concern in all_concerns(reader, force)) == sorted(use.raised), within=30)


def test_status_and_doctor_look_at_the_model_that_is_live(product: Product, force: str, home: str) -> None:
    with Use(product, force) as use:
        wait_until(lambda: len(use.raised) >= 3, within=60)
    assert rebuild(home).returncode == 0

    def is_not_behind() -> bool:
        argv = [PROGRAM, "status", "--home", home, "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
        return f'"{force}": {{\n      "lag": 0,' in done.stdout

    wait_until(is_not_behind)


def test_nothing_to_cancel_is_no_failure(product: Product, home: str) -> None:
    wait_until(lambda: (now := standing(product.engines.provisioning)) is not None and now.wanted is None, within=60)

    done = rebuild(home, "--cancel")

    assert (done.returncode, done.stdout.strip()) == (0, "no rebuild is under way")


def deliveries(product: Product) -> int:
    with product.engines.mongo.client() as client:
        return int(client["notifications"]["deliveries"].count_documents({}))
