"""Without a Docker engine that can serve them, tests find so in seconds and take the embedded stack."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import docker_engine


@pytest.fixture(autouse=True)
def _fresh_choice(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(docker_engine.CHOICE, raising=False)
    docker_engine.in_containers.cache_clear()
    yield
    docker_engine.in_containers.cache_clear()


def test_a_socket_that_is_not_there_is_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    assert not docker_engine.docker_engine()
    assert not docker_engine.in_containers()


@pytest.mark.timeout(10)
def test_a_socket_that_stays_silent_is_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(docker_engine, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/silent.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/silent.sock")
        listener.listen()

        assert not docker_engine.docker_engine()


@pytest.mark.parametrize(("chosen", "expected"), [("containers", True), ("embedded", False)])
def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch, chosen: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of the test
    monkeypatch.setenv(docker_engine.CHOICE, chosen)

    assert docker_engine.in_containers() is expected


def test_an_unknown_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(docker_engine.CHOICE, "podman")

    with pytest.raises(ValueError, match="say containers or embedded"):
        docker_engine.in_containers()
