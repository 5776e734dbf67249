"""A deployment's data as one stream: written while everything stands still, and put back only where nothing is yet."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from roundtable.errors import OperatorError
from roundtable.home import Home

_FIGURES: Final = frozenset({"prometheus", "grafana"})
"""What monitoring keeps: it says nothing of any record, and would only make a backup longer."""
_KEYS: Final = "keys"


def write_archive(home: Home, to: IO[bytes], *, keys: bool) -> None:
    """Write the data folder and the engines' data, or the forces' keys alone, as a compressed tar.

    Keys go apart, because together with the rest they open everything that was sealed.

    Raises:
        OperatorError: MongoDB runs, or was killed and not started since: its files would not fit together.
    """
    if not keys:
        _refuse_running(home)
    with tarfile.open(fileobj=to, mode="w|gz") as archive:
        for path in _parts(home, keys=keys):
            archive.add(path, path.name)


def read_archive(home: Home, source: IO[bytes], *, keys: bool) -> None:
    """Put back what `write_archive` wrote.

    Raises:
        OperatorError: this deployment has data already, or the archive is not whole, or not of this kind.
    """
    _refuse_full(home, keys=keys)
    try:
        with tarfile.open(fileobj=source, mode="r|gz") as archive:
            for member in archive:
                _refuse_other(member.name, keys=keys)
                archive.extract(member, home.root, filter="tar")
    except (tarfile.TarError, EOFError, OSError) as reason:
        message = (
            f"the archive cannot be read to its end ({reason}): begin again with `docker compose --profile '*' down -v` and a whole one"
        )
        raise OperatorError(message) from reason


def _parts(home: Home, *, keys: bool) -> Iterator[Path]:
    return (path for path in sorted(home.root.iterdir()) if path.name not in _FIGURES and (path.name == _KEYS) is keys)


def _refuse_running(home: Home) -> None:
    # mongod writes its process id there, and empties the file when it ends as it should.
    running = [lock.parent.name for lock in home.root.glob("*/mongod.lock") if lock.stat().st_size]
    if running:
        message = (
            f"{', '.join(running)} runs, or was killed: `docker compose --profile '*' stop` first; after a kill, start and stop it once"
        )
        raise OperatorError(message)


def _refuse_full(home: Home, *, keys: bool) -> None:
    full = [path.name for path in _parts(home, keys=keys) if path.is_file() or any(each.name != "lost+found" for each in path.iterdir())]
    if full:
        message = (
            f"this deployment has data already, in {', '.join(full)}: restore into a new one, "
            "with a COMPOSE_PROJECT_NAME of its own in its folder's .env"
        )
        raise OperatorError(message)


def _refuse_other(name: str, *, keys: bool) -> None:
    if (Path(name).parts[0] == _KEYS) is not keys:
        message = f"the archive holds {name}: {'that is no backup of keys' if keys else 'a backup of keys is restored with --keys'}"
        raise OperatorError(message)
