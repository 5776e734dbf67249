"""Passwords and keys of the data folder: made once, readable by their owner alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from roundtable.errors import OperatorError

_BEFORE = ".before"


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
    _keep(path.parent)
    return True


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read; it is on the disk when this returns, since something else may hang on it then."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_private(path: Path, content: str) -> None:
    """Write such a file anew, in one step: whoever reads it at this moment reads the whole of it, old or new."""
    draft = path.with_name(f".{path.name}")
    write_private(draft, content)
    draft.replace(path)
    _keep(path.parent)


def _keep(folder: Path) -> None:
    """See to it that the names in a folder outlive a power cut, as their files do."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def password() -> str:
    """A fresh password of 192 bits, in letters that need no quoting anywhere."""
    return secrets.token_hex(24)


class Credentials:
    """The passwords of the stack's identities, in a folder for each, which holds all that it may know and nothing of another's.

    A service that is given its own folder as `ROUNDTABLE_SECRETS_DIR` finds its settings there.
    """

    def __init__(self, folder: Path) -> None:
        """Keep them in this folder."""
        self._folder = folder

    def of(self, engine: str, user: str) -> str:
        """The password of a user of `kafka` or `mongo`, generated when it is first asked for."""
        path = self.file(engine, user)
        if not path.exists():
            self._adopt(engine, user) or write_once(path, password())
        return path.read_text(encoding="utf-8")

    def kept(self, engine: str, user: str) -> str:
        """The password that an earlier start made; raises OperatorError, naming the file, when it cannot be read."""
        path = self.file(engine, user)
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as reason:
            message = f"{path} cannot be read: {reason.strerror}"
            raise OperatorError(message) from reason

    def file(self, engine: str, user: str) -> Path:
        """Where a password stands."""
        return self._folder / user / f"roundtable_{engine}_password"

    def before(self, engine: str, user: str) -> Path:
        """Where the password before stands, until the engine has taken the new one."""
        file = self.file(engine, user)
        return file.with_name(f"{file.name}{_BEFORE}")

    def unfinished(self, engine: str) -> list[str]:
        """Whose exchange was broken off: the engine may have either password."""
        return sorted(file.parent.name for file in self._folder.glob(f"*/roundtable_{engine}_password{_BEFORE}"))

    def accepted(self, engine: str, user: str, lets_in: Callable[[str], bool]) -> str | None:
        """The password that an engine accepts of a user: the one in its file, or the one before. Nothing is written."""
        files = (self.file(engine, user), self.before(engine, user))
        passwords = (file.read_text(encoding="utf-8").strip() for file in files if file.exists())
        return next((password for password in passwords if lets_in(password)), None)

    def put_right(self, engine: str, user: str, lets_in: Callable[[str], bool]) -> None:
        """Let the password that is accepted stand alone, where an exchange was broken off; for whoever is alone in the data folder."""
        if not self.before(engine, user).exists():
            return
        if password := self.accepted(engine, user, lets_in):
            replace_private(self.file(engine, user), password)
            self.before(engine, user).unlink()

    def _adopt(self, engine: str, user: str) -> bool:
        """Take over a password that a start before 0.2 kept in one folder with all others; tells whether there was one."""
        before = self._folder / f"{engine}-{user}"
        if before.exists():
            self.file(engine, user).parent.mkdir(mode=0o700, exist_ok=True)
            before.rename(self.file(engine, user))
        return self.file(engine, user).exists()
