"""Kafka's jars: fetched once from Maven Central, shared by every data folder of this user."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from roundtable.errors import OperatorError

VERSION = "4.3.0"
_POM = Path(__file__).with_name("pom.xml")
_PACKAGES = {"java": "openjdk-17-jre-headless", "mvn": "maven"}

Tell = Callable[[str], None]


def kafka_jars(tell: Tell) -> Path:
    """The folder of the jars that `pom.xml` names, downloaded unless an earlier start did.

    Raises OperatorError when Java or Maven is missing, or the download fails.
    """
    require("java")
    folder = _cache() / f"kafka-{VERSION}"
    if not _complete(folder):
        with _alone(folder.with_suffix(".lock")):
            if not _complete(folder):
                _download(folder, tell)
    return folder


def require(program: str) -> str:
    """Where the program is; an OperatorError that names its Debian package when it is not installed."""
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed: apt-get install {_PACKAGES[program]}"
        raise OperatorError(message)
    return found


def _cache() -> Path:
    named = os.environ.get("ROUNDTABLE_CACHE") or "~/.cache/roundtable"
    folder = Path(named).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _complete(folder: Path) -> bool:
    """The pom is copied last of all: where it is, and is ours, the rest is whole."""
    copied = folder / _POM.name
    return copied.exists() and copied.read_bytes() == _POM.read_bytes()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(folder: Path, tell: Tell) -> None:
    draft = Path(tempfile.mkdtemp(prefix="kafka-", dir=folder.parent))
    try:
        _run_maven(draft, tell)
        shutil.copy(_POM, draft)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run_maven(draft: Path, tell: Tell) -> None:
    pom = shutil.copy(_POM, draft / "kafka.xml")
    goal = ("dependency:copy-dependencies", f"-DoutputDirectory={draft}", "-f", str(pom))
    argv = (require("mvn"), "-B", "-Dstyle.color=never", *goal)
    with subprocess.Popen(  # noqa: S603 - our own command
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as maven:
        try:
            said = _follow(maven.stdout or (), tell)
        except BaseException:
            maven.kill()
            raise
    if maven.returncode != 0:
        message = "Maven could not fetch Kafka's jars:\n" + "\n".join(said[-15:])
        raise OperatorError(message)


def _follow(lines: Iterator[str] | tuple[str, ...], tell: Tell) -> list[str]:
    said = []
    files = 0
    for line in lines:
        said.append(line.rstrip())
        if "Downloaded from" in line:
            files += 1
            tell(f"downloading Apache Kafka {VERSION} from Maven Central: {files} files")
    return said
