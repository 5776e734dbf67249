"""The command line as an operator meets it: a program with an exit status, and sentences for what can be mended."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from roundtable.cli import main
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.identity import Issuer
from roundtable.native.kafka.jars import require
from roundtable.native.mongo.binary import mongod

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "provision.example.yml"


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    status: int | str | None
    stdout: str
    stderr: str


@pytest.fixture
def roundtable(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Runs the program with arguments, as the installed script does."""

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["roundtable", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        # A text as the exit's code goes to standard error, and the status is 1.
        if isinstance(end.value.code, str):
            return Answer(1, said.out, f"{said.err}{end.value.code}\n")
        return Answer(end.value.code, said.out, said.err)

    return run


Program = Callable[..., Answer]


def test_help_names_every_command(roundtable: Program) -> None:
    answer = roundtable("--help")

    assert answer.status == 0
    for command in (
        "demo",
        "status",
        "doctor",
        "load",
        "token",
        "sign-in",
        "forces",
        "grants",
        "provision",
        "events",
        "verify",
        "republish",
    ):
        assert command in answer.stdout


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status --json",
        "doctor",
        "doctor --json",
        "sign-in",
        "forces list",
        "forces add kent",
        "grants list",
        "provision consumer x1 --force kent",
        "provision revoke-consumer x1",
        "provision show",
        f"provision apply {EXAMPLE} --dry-run",
        "events tail",
        "verify",
        "republish --force kent",
    ],
)
def test_without_a_running_stack_a_command_says_so(roundtable: Program, command: str, tmp_path: Path) -> None:
    answer = roundtable(*command.split(), "--home", str(tmp_path))

    assert answer.status == 1
    assert answer.stdout == ""
    assert answer.stderr == f"roundtable: no stack runs on {tmp_path}: start one with `roundtable demo`, or name another --home\n"


def test_no_command_waits_until_the_services_code_is_read() -> None:
    """Only those that need it load it: half a second each time."""
    heavy = {"chassis.mongo", "contracts.state", "readmodel.projections", "notifications"}
    asking = f"import sys, roundtable.cli; print({heavy} & sys.modules.keys() or 'none')"

    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True)  # noqa: S603 - our own program

    assert done.stdout == "none\n"


def test_a_token_is_all_that_stands_on_standard_output(roundtable: Program, tmp_path: Path) -> None:
    Issuer(Home(tmp_path).prepare())

    answer = roundtable("token", "--grant", "kent:reader", "--ttl", "5m", "--home", str(tmp_path))

    assert answer.status == 0
    assert len(answer.stdout.strip().split(".")) == 3
    assert len(answer.stdout.splitlines()) == 1


def test_a_token_needs_an_issuer(roundtable: Program, tmp_path: Path) -> None:
    answer = roundtable("token", "--grant", "kent:reader", "--home", str(tmp_path))

    assert answer.status == 1
    assert "holds no issuer's key" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_force_that_does_not_exist_is_refused_with_those_that_do(roundtable: Program, tmp_path: Path) -> None:
    answer = roundtable("forces", "add", "gotham", "--home", str(tmp_path))

    assert answer.status == 1
    assert "'gotham' is none of the 45 forces: avon-and-somerset," in answer.stderr


def test_a_kafka_that_does_not_answer_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    monkeypatch.setattr("roundtable.cli.app", away)

    with pytest.raises(SystemExit, match="roundtable: Kafka refuses or does not answer: "):
        main()


@pytest.mark.parametrize(("program", "package"), [("java", "openjdk-17-jre-headless"), ("mvn", "maven")])
def test_a_missing_program_is_said_with_its_package(program: str, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OperatorError, match=f"{program} is not installed: apt-get install {package}"):
        require(program)


def test_a_mongod_that_does_not_run_is_said_with_the_libraries_that_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "mongod"
    broken.write_text("#!/bin/sh\necho libcurl.so.4: cannot open shared object file >&2\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("ROUNDTABLE_MONGOD", str(broken))

    with pytest.raises(OperatorError, match=r"(?s)libcurl.so.4.*apt-get install libcurl4 libssl3"):
        mongod()
