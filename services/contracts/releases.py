"""What has been released: `released/<version>/` holds the schemas and examples of each version, frozen for ever."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from contracts.generated import HERE

RELEASED: Final = HERE / "released"


def versions(released: Path = RELEASED) -> list[str]:
    """Released versions, the oldest first."""
    found = [path.name for path in released.glob("*") if path.is_dir()]
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


def first_released(file: str, form: str, released: Path = RELEASED) -> frozenset[str] | None:
    """Fields that a form of an event had in the first release with that form, or None when no release has it."""
    return next(_fields(file, form, released), None)


def _fields(file: str, form: str, released: Path) -> Iterator[frozenset[str]]:
    paths = (released / version / "schemas" / file for version in versions(released))
    for schema in (read(path) for path in paths if path.exists()):
        for branch in schema["anyOf"]:
            if branch["title"] == form:
                yield frozenset(branch["properties"])


def read(path: Path) -> dict[str, Any]:
    """A JSON document."""
    return dict(json.loads(path.read_text(encoding="utf-8")))
