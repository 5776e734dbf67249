"""A backup is one of things that stand still, and is put back only where nothing is."""

import io
import stat
from pathlib import Path

import pytest

from roundtable.deployed.archive import read_archive, write_archive
from roundtable.errors import OperatorError
from roundtable.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A deployment that was stopped."""
    home = empty(tmp_path / "home")
    (home.secrets / "meetings").mkdir(mode=0o700, parents=True)
    (home.secrets / "meetings" / "roundtable_kafka_password").write_text("a password")
    (home.secrets / "meetings" / "roundtable_kafka_password").chmod(0o600)
    (home.root / "mongo" / "mongod.lock").touch()
    (home.root / "mongo" / "collection.wt").write_bytes(b"\0records")
    (home.root / "prometheus" / "figures").touch()
    (home.keys / "kent").mkdir()
    (home.keys / "kent" / "1.key").write_text("a key")
    return home


def empty(root: Path) -> Home:
    """A deployment as volumes make it."""
    for name in ("keys", "kafka", "mongo", "prometheus"):
        (root / name).mkdir(parents=True)
    (root / "kafka" / "lost+found").mkdir()
    return Home(root)


def written(home: Home, *, keys: bool) -> io.BytesIO:
    stream = io.BytesIO()
    write_archive(home, stream, keys=keys)
    stream.seek(0)
    return stream


def everything(home: Home) -> dict[str, tuple[int, bytes]]:
    files = (path for path in home.root.rglob("*") if path.is_file())
    return {str(file.relative_to(home.root)): (stat.S_IMODE(file.stat().st_mode), file.read_bytes()) for file in files}


def test_data_and_keys_together_are_the_deployment_and_apart_they_share_nothing(home: Home, tmp_path: Path) -> None:
    other = empty(tmp_path / "other")

    read_archive(other, written(home, keys=False), keys=False)
    assert not list(other.keys.iterdir())
    read_archive(other, written(home, keys=True), keys=True)

    assert everything(other) == {name: content for name, content in everything(home).items() if not name.startswith("prometheus")}
    assert stat.S_IMODE((other.secrets / "meetings").stat().st_mode) == 0o700


def test_a_mongod_that_runs_or_was_killed_is_not_copied_but_its_keys_are(home: Home) -> None:
    (home.root / "mongo" / "mongod.lock").write_text("1\n")

    with pytest.raises(OperatorError, match="mongo runs, or was killed"):
        write_archive(home, io.BytesIO(), keys=False)
    assert written(home, keys=True).getvalue()


@pytest.mark.parametrize(("keys", "named"), [(False, "mongo, secrets"), (True, "keys")])
def test_data_is_never_put_over_data(home: Home, *, keys: bool, named: str) -> None:
    archive, before = written(home, keys=keys), everything(home)

    with pytest.raises(OperatorError, match=f"has data already, in {named}: restore into a new one, with a COMPOSE_PROJECT_NAME"):
        read_archive(home, archive, keys=keys)

    assert everything(home) == before


def test_an_archive_that_ends_early_says_so(home: Home, tmp_path: Path) -> None:
    half = io.BytesIO(written(home, keys=False).getvalue()[:-60])

    with pytest.raises(OperatorError, match="cannot be read to its end"):
        read_archive(empty(tmp_path / "other"), half, keys=False)


@pytest.mark.parametrize("keys", [False, True])
def test_one_kind_is_not_taken_for_the_other(home: Home, tmp_path: Path, *, keys: bool) -> None:
    other = empty(tmp_path / "other")

    with pytest.raises(OperatorError, match="restored with --keys" if not keys else "no backup of keys"):
        read_archive(other, written(home, keys=not keys), keys=keys)

    assert everything(other) == {}
