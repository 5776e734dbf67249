"""Passwords and keys of the data folder: made once, readable by their owner alone."""

import os
import secrets
from pathlib import Path


def write_once(path: Path, content: str) -> bool:
    """Write a file that only its owner may read, unless it is there; tells whether it was written.

    The content appears under its name in one step, so that nobody ever reads half a secret.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_private(draft, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)


def password() -> str:
    """A fresh password of 192 bits, in letters that need no quoting anywhere."""
    return secrets.token_hex(24)


class Credentials:
    """The passwords of the stack's identities, each generated when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """Keep them in this folder."""
        self._folder = folder

    def of(self, engine: str, user: str) -> str:
        """The password of a user of `kafka` or `mongo`."""
        path = self._folder / f"{engine}-{user}"
        if not path.exists():
            write_once(path, password())
        return path.read_text(encoding="utf-8")
