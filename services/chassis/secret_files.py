"""Settings that stand in files: a password that no list of processes and no description of a container shows."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PREFIX: Final = "ROUNDTABLE_"
FOLDER: Final = f"{PREFIX}SECRETS_DIR"


def secrets_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of the files that hold settings, or None when there is none."""
    named = environment.get(FOLDER)
    return Path(named) if named else None


def require_folder(folder: Path | None) -> None:
    """Raise NotADirectoryError when the folder is named and not there: its files would count as settings left out."""
    if folder is not None and not folder.is_dir():
        message = f"{folder} is not a folder that can be read"
        raise NotADirectoryError(message)


def file_of(field: str) -> str:
    """Name of the file that holds a setting."""
    return f"{PREFIX}{field}".lower()


def value_now(field: str, folder: Path | None) -> str | None:
    """What the file of a setting holds now, which may be another value than at the start; None where the setting stands in no file."""
    if folder is None or os.environ.get(f"{PREFIX}{field}".upper()):
        return None
    try:
        return (folder / file_of(field)).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def place_of(field: str, folder: Path | None) -> str:
    """Where a setting stands, for whoever has to mend it: its variable and, unless that is set, the file that it may stand in."""
    variable = f"{PREFIX}{field}".upper()
    return variable if folder is None or variable == FOLDER or os.environ.get(variable) else f"{variable} ({folder / file_of(field)})"
