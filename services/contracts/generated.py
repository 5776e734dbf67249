"""Files that are made from the code: `make contracts` writes them, and a check says when one no longer agrees."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
COMMAND: Final = "make contracts"

Files = Mapping[str, Any]
"""JSON documents by file name."""


def text_of(document: Any) -> str:  # noqa: ANN401 - any JSON value
    """A document as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path, files: Files) -> None:
    """Write every file, and take away those that are no longer made."""
    folder.mkdir(exist_ok=True)
    for stale in _names(folder) - files.keys():
        (folder / stale).unlink()
    for name, document in files.items():
        (folder / name).write_text(text_of(document), encoding="utf-8")


def drift(folder: Path, files: Files) -> list[str]:
    """What differs between the files and the code, each as a sentence that says what to do."""
    there = _names(folder)
    missing = dict.fromkeys(files.keys() - there, "is missing")
    stale = dict.fromkeys(there - files.keys(), "is no longer made by the code")
    changed = {name: "differs from the code" for name in files.keys() & there if _differs(folder / name, files[name])}
    found = missing | stale | changed
    return [f"{folder.name}/{name} {what}: run `{COMMAND}` and commit the result" for name, what in sorted(found.items())]


def run(folder: Path, files: Files, arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with `--check` compare them; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="change nothing, and fail when a file differs from the code")
    if not parser.parse_args(arguments).check:
        write(folder, files)
        return 0
    differences = drift(folder, files)
    sys.stderr.writelines(f"{difference}\n" for difference in differences)
    return 1 if differences else 0


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.json")}


def _differs(path: Path, document: Any) -> bool:  # noqa: ANN401 - a value of any type
    return path.read_text(encoding="utf-8") != text_of(document)
