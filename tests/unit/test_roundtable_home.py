"""The data folder: its secrets, its ports, and that one stack at most runs on it."""

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from roundtable.addresses import Addresses
from roundtable.credentials import Credentials, write_once
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native.lock import alone, is_held, locked
from roundtable.native.ports import RANGE, kept_ports
from roundtable.native.services import service_ports


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_option_comes_before_the_variable_and_that_before_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROUNDTABLE_HOME", str(tmp_path / "named"))

    assert Home.chosen(tmp_path / "given").root == tmp_path / "given"
    assert Home.chosen(None).root == tmp_path / "named"
    monkeypatch.delenv("ROUNDTABLE_HOME")
    assert Home.chosen(None).root == tmp_path / ".roundtable"


def test_a_password_is_made_once_and_is_its_owners_alone(home: Home) -> None:
    secrets = Credentials(home.secrets)

    password = secrets.of("kafka", "meetings")

    assert password == Credentials(home.secrets).of("kafka", "meetings")
    assert password != secrets.of("mongo", "meetings")
    assert len(password) == 48
    assert {mode(secrets.file(engine, "meetings")) for engine in ("kafka", "mongo")} == {0o600}
    assert {mode(folder) for folder in (home.root, home.secrets, home.secrets / "meetings", home.keys)} == {0o700}


def test_a_password_of_an_earlier_start_is_taken_over(home: Home) -> None:
    (home.secrets / "kafka-meetings").write_text("made by 0.1")

    assert Credentials(home.secrets).of("kafka", "meetings") == "made by 0.1"
    assert Credentials(home.secrets).kept("kafka", "meetings") == "made by 0.1"
    assert not (home.secrets / "kafka-meetings").exists()


def test_a_password_that_must_be_there_is_named_when_it_is_not(home: Home) -> None:
    secrets = Credentials(home.secrets)

    with pytest.raises(OperatorError, match=f"{secrets.file('kafka', 'admin')} cannot be read: No such file or directory"):
        secrets.kept("kafka", "admin")


def test_what_is_written_once_is_never_overwritten(home: Home) -> None:
    path = home.secrets / "one"

    assert write_once(path, "first")
    assert not write_once(path, "second")

    assert path.read_text() == "first"
    assert [file.name for file in home.secrets.iterdir()] == ["one"]


def test_ports_are_kept_over_a_restart(home: Home) -> None:
    file = home.kafka / "ports.json"

    first = kept_ports(file, ("clients", "controller"))

    assert kept_ports(file, ("clients", "controller")) == first
    assert len(set(first.values())) == 2
    assert all(port in RANGE for port in first.values())


def test_a_port_that_someone_took_is_chosen_anew_and_the_others_stay(home: Home) -> None:
    file = home.kafka / "ports.json"
    before = kept_ports(file, ("clients", "controller"))
    with socket.create_server(("127.0.0.1", before["clients"])):
        after = kept_ports(file, ("clients", "controller"))

    assert after["controller"] == before["controller"]
    assert after["clients"] != before["clients"]
    assert kept_ports(file, ("clients", "controller")) == after


def test_a_port_of_the_services_that_someone_took_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=rf"port {port}\b.* is in use"):
            service_ports(port)


def test_a_second_stack_on_the_same_folder_is_refused_and_told_by_whom(home: Home) -> None:
    with locked(home):
        assert is_held(home)
        with pytest.raises(OperatorError, match=f"already runs on {home.root} \\(process {os.getpid()}\\)"), locked(home):
            pass

    assert not is_held(home)
    with locked(home):
        pass


def test_who_changes_secrets_second_waits_for_the_first_and_says_so(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    entered = threading.Event()

    def second() -> None:
        with alone(home):
            entered.set()

    waiting = threading.Thread(target=second)
    with alone(home):
        waiting.start()
        while "waiting until it has ended" not in capsys.readouterr().err:
            waiting.join(0.01)
        assert not entered.is_set()
    assert entered.wait(10)
    waiting.join()


def test_addresses_are_those_of_a_stack_that_runs(home: Home) -> None:
    addresses = Addresses("127.0.0.1:1", "127.0.0.1:2", {"meetings": "http://127.0.0.1:3"})
    addresses.save(home)

    with pytest.raises(OperatorError, match="no stack runs on"):
        Addresses.of(home)
    with locked(home):
        assert Addresses.of(home) == addresses
