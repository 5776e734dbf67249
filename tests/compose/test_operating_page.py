"""The operator's page, followed from its first command to its last; what cannot be followed in a test is named here, with why."""

import ssl
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.compose.composed import Composed, assert_nobody, composed, docker
from tests.journeys.reaching import wait_until
from tests.journeys.test_kill import all_concerns
from tests.operating_page import Block, blocks

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]
FORCE = "northamptonshire"
PUBLISHED = ("readmodel", "meetings", "concerns", "notifications", "kafka", "gateway")
LEFT_OUT = {
    "docker-compose.ha.yml": "another deployment: test_ha.py",
    "--profile monitoring": "Grafana's image is not to be had everywhere: test_monitoring.py",
    "logs --follow": "it never ends",
    "grep screening_overridden": "nobody has vouched for a text here, and grep fails that finds nothing",
    "git pull": "a copy that is being tested has nothing to pull",
}


def followed() -> list[Block]:
    """The page's blocks of commands, without the lines that are left out."""
    kept = ((block.heading, tuple(line for line in block.lines if not any(words in line for words in LEFT_OUT))) for block in blocks())
    return [Block(heading, lines) for heading, lines in kept if lines]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the operator types; backups are written beside it."""
    clone = tmp_path_factory.mktemp("operator") / "clone"
    clone.mkdir()
    return clone


@pytest.fixture(scope="module")
def first() -> Iterator[Composed]:
    """The deployment that the page begins with."""
    with composed(PUBLISHED) as project:
        yield project


@pytest.fixture(scope="module")
def second() -> Iterator[Composed]:
    """The deployment that a backup is restored into."""
    with composed(PUBLISHED) as project:
        yield project


def follow(project: Composed, block: Block, folder: Path) -> None:
    """Do as a block says; the doctor may find that this machine has little room."""
    for line in block.lines:
        done = project.shell(line, folder)
        assert done.returncode == 0 or ("doctor" in line and "FAIL" not in done.stdout), done.stdout + done.stderr


@pytest.mark.parametrize("block", [block for block in followed() if block.heading != "Restore"], ids=lambda block: block.heading)
def test_each_command_works_as_it_stands(first: Composed, block: Block, folder: Path) -> None:
    follow(first, block, folder)


def test_a_backup_is_for_its_owner_alone(first: Composed, folder: Path) -> None:
    del first
    written = [folder / "client.properties", folder.parent / "data.tar.gz", folder.parent / "keys.tar.gz"]

    assert [stat.S_IMODE(file.stat().st_mode) for file in written] == [0o600] * 3
    with tarfile.open(written[1]) as data, tarfile.open(written[2]) as keys:
        assert not [name for name in data.getnames() if name.split("/")[0] in {"keys", "prometheus", "grafana"}]
        assert {name.split("/")[0] for name in keys.getnames()} == {"keys"}


def test_a_deployment_that_runs_is_neither_backed_up_nor_restored_into(first: Composed, folder: Path) -> None:
    backup = first.shell("docker compose run --rm --no-TTY init backup > ../other.tar.gz", folder)
    restore = first.shell("docker compose run --rm --no-TTY init restore < ../data.tar.gz", folder)

    assert (backup.returncode, restore.returncode) == (1, 1)
    assert "mongo runs, or was killed" in backup.stderr
    assert "this deployment has data already, in" in restore.stderr


def test_a_restored_deployment_holds_what_the_first_one_held(first: Composed, second: Composed, folder: Path) -> None:
    with first.client("readmodel", f"{FORCE}:reader,sensitive_reader") as reader:
        before = list(all_concerns(reader, FORCE))
    (restore,) = [block for block in followed() if block.heading == "Restore"]

    follow(second, restore, folder)

    with second.client("readmodel", f"{FORCE}:reader,sensitive_reader") as reader:
        wait_until(lambda: list(all_concerns(reader, FORCE)) == before)
    # Sealed words among them: the keys came along, and work.
    assert any(concern["said"] for concern in before)


def test_the_gateway_serves_the_demonstration_of_every_service_under_one_name(first: Composed) -> None:
    first.up("--profile", "gateway")
    assert_nobody(first.containers())
    authority = docker("exec", first.container("gateway"), "cat", "/data/caddy/pki/authorities/local/root.crt")
    token = first.token(f"{FORCE}:reader,recorder,subscriber")
    trusting = ssl.create_default_context(cadata=authority)
    address = f"https://localhost:{first.ports['gateway']}"
    with httpx2.Client(base_url=address, verify=trusting, headers={"Authorization": f"Bearer {token}"}) as client:
        assert client.get("/v1/summary", params={"force": FORCE}).json()["total"]["meetings"]["held"] > 0
        assert client.get(f"/v1/forces/{FORCE}/subscriptions").status_code == httpx2.codes.OK
        for service in ("meetings", "concerns"):
            # Only the service itself knows that a body is missing.
            assert client.post(f"/v1/forces/{FORCE}/{service}").status_code == httpx2.codes.UNPROCESSABLE_CONTENT
        with client.stream("GET", "/v1/stream", params={"force": FORCE}) as stream:
            # Held back by nobody on the way.
            assert next(stream.iter_lines()).startswith((":", "retry", "id", "event"))
        without_kafka(first, client)


def without_kafka(project: Composed, client: httpx2.Client) -> None:
    """What needs no log is served all the same."""
    assert project.run("stop", "kafka").returncode == 0
    wait_until(lambda: client.get("/health/ready").status_code == httpx2.codes.SERVICE_UNAVAILABLE, within=60)

    assert client.get("/v1/summary", params={"force": FORCE}).status_code == httpx2.codes.OK
    assert client.post(f"/v1/forces/{FORCE}/concerns", json={"category": "drugs"}).status_code == httpx2.codes.CREATED

    assert project.run("start", "kafka").returncode == 0
    wait_until(lambda: client.get("/health/ready").status_code == httpx2.codes.OK, within=60)


def test_what_is_left_out_stands_on_the_page() -> None:
    written = [line for block in blocks() for line in block.lines]

    assert [words for words in LEFT_OUT if not any(words in line for line in written)] == []
