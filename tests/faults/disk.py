"""A small disk: a file system in memory that can be filled to the last byte, where this user may mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILLER = "filler"
_BLOCK = bytes(1024 * 1024)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount a small disk on a folder; whether it could be mounted. It is gone at the end with all that it holds."""
    command = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder))
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own command
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(("umount", "--lazy", str(folder)), check=True)  # noqa: S603, S607 - our own command


def fill(folder: Path) -> int:
    """Fill the disk of a folder; how many bytes are left to its owner, which are none."""
    with (folder / _FILLER).open("wb", buffering=0) as filler:
        for size in (len(_BLOCK), 4096):
            while _wrote(filler.fileno(), _BLOCK[:size]):
                pass
    return free(folder)


def empty(folder: Path) -> None:
    """Give the space back."""
    (folder / _FILLER).unlink()


def free(folder: Path) -> int:
    """Bytes that can still be written."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def _wrote(descriptor: int, block: bytes) -> bool:
    try:
        return os.write(descriptor, block) == len(block)
    except OSError:
        return False
