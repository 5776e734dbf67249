"""Child processes: they end when they are told to, when they do not listen, and when their parent dies of anything."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from roundtable.errors import OperatorError
from roundtable.native.processes import Child, Command, stop_all
from roundtable.native.supervisor import FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS, Watch

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
ORPHAN = """
import sys, time
from pathlib import Path
from roundtable.native.processes import Child, Command
child = Child(Command("sleeper", ("sleep", "600"), Path(sys.argv[1])))
print(child.pid, flush=True)
time.sleep(600)
"""
Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts children, and ends what a test leaves of them."""
    children: list[Child] = []

    def started(*argv: str, grace: float = 10.0) -> Child:
        children.append(Child(Command("child", argv, tmp_path / "child.log", grace=grace)))
        return children[-1]

    yield started
    for child in children:
        child.await_end(time.monotonic())


def said(child: Child, words: str) -> Callable[[], str | None]:
    return lambda: None if words in child.command.log.read_text() else "has not spoken"


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has buried yet has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition: Callable[[], bool], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        os.sched_yield()


def test_a_child_ends_when_it_is_asked_to(start: Start) -> None:
    child = start("sleep", "600")

    stop_all([child])

    assert child.exit_status() == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed_after_its_grace(start: Start) -> None:
    child = start(sys.executable, "-c", DEAF, grace=0.2)
    child.await_answer(said(child, "deaf"), 10)

    stop_all([child])

    assert child.exit_status() == -signal.SIGKILL


def test_a_child_is_in_a_session_of_its_own_so_that_ctrl_c_reaches_its_parent_alone(start: Start) -> None:
    child = start("sleep", "600")

    wait_until(lambda: os.getsid(child.pid) == child.pid)

    assert os.getsid(child.pid) != os.getsid(0)


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    argv = (sys.executable, "-c", ORPHAN, str(tmp_path / "child.log"))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 - our own command
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        wait_until(lambda: psutil.Process(orphan).name() == "sleep")
        parent.kill()

    wait_until(lambda: gone(orphan))


def test_a_child_that_dies_at_its_start_is_reported_with_its_last_words(start: Start) -> None:
    child = start("sh", "-c", "echo the disk is full >&2; exit 3")

    with pytest.raises(OperatorError, match=r"(?s)child ended with status 3.*the disk is full"):
        child.await_answer(lambda: "does not answer", 10)


def test_a_child_that_stays_silent_is_reported_with_what_is_missing(start: Start) -> None:
    child = start("sleep", "600")

    with pytest.raises(OperatorError, match="child is not ready"):
        child.await_answer(lambda: "is not ready", 0.1)


def test_last_words_are_those_of_this_run(start: Start) -> None:
    first = start("sh", "-c", "echo long ago")
    wait_until(lambda: first.exit_status() is not None)
    second = start("sh", "-c", "echo just now; exit 1")

    with pytest.raises(OperatorError) as refusal:
        second.await_answer(lambda: "does not answer", 10)

    assert "just now" in str(refusal.value)
    assert "long ago" not in str(refusal.value)


def test_a_child_that_dies_is_started_again_and_that_is_said(start: Start) -> None:
    child = start("sleep", "600")
    heard: list[str] = []
    watch = Watch(child, now=0.0)
    child.terminate()
    wait_until(lambda: child.exit_status() is not None)

    watch.look(1.0, heard.append)
    watch.look(1.0 + FIRST_PAUSE / 2, heard.append)
    assert child.exit_status() is not None, "it is started only when its pause is over"
    watch.look(1.0 + FIRST_PAUSE, heard.append)

    assert child.exit_status() is None
    assert [line.split(":")[0].split(" (")[0] for line in heard] == ["child ended", "child started again"]
    assert "signal 15" in heard[0]


def pauses(start: Start, deaths: int, lived: float) -> list[float]:
    """The pauses of a child that dies again and again after so many seconds."""
    child, heard, now = start("false"), list[str](), 0.0
    watch = Watch(child, now)
    for _ in range(deaths):
        wait_until(lambda: child.exit_status() is not None)
        now += lived
        watch.look(now, heard.append)
        now += LONGEST_PAUSE
        watch.look(now, heard.append)
    return [float(line.split("again in ")[1].split(" s")[0]) for line in heard if "ended" in line]


def test_one_that_keeps_dying_is_started_ever_more_slowly(start: Start) -> None:
    assert pauses(start, deaths=8, lived=1.0) == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_one_that_was_steady_is_started_at_once(start: Start) -> None:
    assert pauses(start, deaths=3, lived=STEADY_SECONDS + 1) == [FIRST_PAUSE] * 3
