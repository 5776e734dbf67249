"""Three of each engine and two of each service: whichever is killed under load, every 201 is found, and none twice."""

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2
import pytest

from tests.compose.composed import Composed, assert_nobody, composed, docker
from tests.journeys.conftest import wait_until
from tests.journeys.test_kill import all_concerns

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1500)]
FORCE = "kent"
PER_SECOND = 50
WRITERS = 25
EXCHANGES = (("passwords",), ("certificates",), ("authority",), ("authority", "--forget"))
# Two of three of each engine: the second meets one that came back, and one that never died. Of each service the one that others know first.
ENGINES = ("kafka", "kafka-2", "mongo", "mongo-2")
SERVICES = ("concerns", "meetings", "readmodel", "notifications")


@pytest.fixture(scope="module")
def stack() -> Iterator[Composed]:
    """The deployment of the override, reached through its gateway."""
    published = ("kafka", "kafka-2", "kafka-3", "gateway")
    files = ("docker-compose.yml", "docker-compose.ha.yml")
    with composed(published, files=files, through="gateway") as project:
        project.up()
        authority = docker("exec", project.container("gateway"), "cat", "/data/caddy/pki/authorities/local/root.crt")
        project.authority = ssl.create_default_context(cadata=authority)
        project.cli("forces", "add", FORCE)
        project.await_force(FORCE)
        yield project


class Load:
    """Raises concerns at a steady rate, each with its key until it is answered, as patient clients do."""

    def __init__(self, stack: Composed) -> None:
        self._client = stack.client("concerns", f"{FORCE}:recorder")
        self._stopping = threading.Event()
        self._clock = threading.Thread(target=self._run)
        self.answered: list[str] = []
        self.retries = 0

    def start(self) -> None:
        self._clock.start()

    def stop(self) -> None:
        """Begin no more, and wait for those that are under way."""
        self._stopping.set()
        self._clock.join(timeout=180)
        assert not self._clock.is_alive()
        self._client.close()

    def _run(self) -> None:
        began, number = time.monotonic(), 0
        with ThreadPoolExecutor(WRITERS) as writers:
            while not self._stopping.wait(max(0.0, began + number / PER_SECOND - time.monotonic())):
                writers.submit(self._raise, f"ha-{number}")
                number += 1

    def _raise(self, key: str) -> None:
        while True:
            status, record_id = self._once(key)
            if status == httpx2.codes.CREATED:
                self.answered.append(record_id)
                return
            assert status == 0 or status >= httpx2.codes.INTERNAL_SERVER_ERROR or status == httpx2.codes.CONFLICT, status
            self.retries += 1
            time.sleep(0.2)

    def _once(self, key: str) -> tuple[int, str]:
        concern = {"category": "drugs", "said": key}
        try:
            answer = self._client.post(f"/v1/forces/{FORCE}/concerns", json=concern, headers={"Idempotency-Key": key})
        except httpx2.TransportError:
            return 0, ""
        return answer.status_code, answer.json()["id"] if answer.status_code == httpx2.codes.CREATED else ""


def healthy(container: str) -> bool:
    return docker("inspect", "--format", "{{.State.Health.Status}}", container).strip() == "healthy"


def go_on(load: Load) -> None:
    """Wait until five more seconds' work has been answered."""
    enough = len(load.answered) + 5 * PER_SECOND
    wait_until(lambda: len(load.answered) >= enough, within=120)


def test_nothing_but_the_gateway_and_kafka_is_published_and_only_to_this_machine(stack: Composed) -> None:
    bindings = [
        (binding["HostIp"], int(binding["HostPort"]))
        for each in stack.containers()
        for published in each["NetworkSettings"]["Ports"].values()
        for binding in published or ()
    ]

    assert sorted(bindings) == sorted(("127.0.0.1", port) for port in stack.ports.values())
    assert_nobody(stack.containers())
    with stack.client("readmodel") as anyone:
        assert anyone.get("/metrics").status_code == httpx2.codes.NOT_FOUND
        assert anyone.get("/meetings/openapi.json").json()["info"]["title"] == "Roundtable: meetings"


def test_secrets_are_exchanged_and_one_of_each_is_killed_in_turn_and_every_201_is_found_once(stack: Composed) -> None:
    """Who dies has to be let in again by all that it knew before, which did not die."""
    load = Load(stack)
    load.start()
    for words in EXCHANGES:
        go_on(load)
        stack.cli("rotate", *words)
    for victim in (*ENGINES, *SERVICES):
        go_on(load)
        kill_and_start(stack, load, victim)
        if victim in ENGINES:
            wait_until(partial(are_complete, stack), within=120)
    load.stop()

    assert len(load.answered) > len((*ENGINES, *SERVICES)) * 10 * PER_SECOND
    assert_found_once(stack, load)


def kill_and_start(stack: Composed, load: Load, victim: str) -> None:
    """With one of them away, the others do its work."""
    docker("kill", "--signal", "KILL", stack.container(victim))
    go_on(load)
    docker("start", stack.container(victim))
    wait_until(partial(healthy, stack.container(victim)), within=120)


def are_complete(stack: Composed) -> bool:
    """Whether the engines that the doctor sees have all their members and copies: it tells more by its status, of this machine too."""
    done = stack.run("run", "--rm", "--no-TTY", "cli", "doctor", "--json")
    found = json.loads(done.stdout)
    return [found[check]["state"] for check in ("replica set", "partitions")] == ["ok", "ok"]


def assert_found_once(stack: Composed, load: Load) -> None:
    """Everything that was answered is shown and counted, and nothing twice."""
    with stack.client("readmodel", f"{FORCE}:reader") as reader:
        wait_until(lambda: raised(reader) >= len(load.answered), within=120)
        found = Counter(concern["id"] for concern in all_concerns(reader, FORCE))
        assert raised(reader) == len(load.answered)
    assert found == Counter(load.answered)


def raised(reader: httpx2.Client) -> int:
    """Concerns as the figures count them."""
    return int(reader.get("/v1/summary", params={"force": FORCE}).json()["total"]["concerns"]["raised"])
