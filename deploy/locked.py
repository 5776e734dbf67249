"""Prints the part of requirements.lock that some packages need, hashes and all: `locked.py [NAME…]`.

Without names, what a service needs at run time. One lock serves the developers, the tests and the image; an image that
took all of it would carry linters and a browser of APIs. The comments of the lock (`# via …`) say who needs what.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
_ENTRY = re.compile(r"^(?P<name>[a-z0-9._-]+)==.*\n(?:    --hash=.*\n)+(?P<comments>(?:    #.*\n)+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Entry(NamedTuple):
    """One package of the lock, in each version that one Python or another takes."""

    text: str
    wanted_by: frozenset[str]


def entries(lock: str) -> dict[str, Entry]:
    """The packages of a lock, by name."""
    found: dict[str, Entry] = {}
    matches = list(_ENTRY.finditer(lock))
    for match in matches:
        text, wanted_by = found.get(match["name"], ("", frozenset[str]()))
        found[match["name"]] = Entry(text + match[0], wanted_by | _wanted_by(match["comments"]))
    if len(matches) != len(re.findall(r"^[a-z0-9._-]+==", lock, re.MULTILINE)):
        message = "requirements.lock does not say of every package who needs it: write it by `make lock`"
        raise SystemExit(message)
    return found


def needed(known: Mapping[str, Entry], names: Iterable[str]) -> set[str]:
    """These packages, and all that they need."""
    chosen: set[str] = set()
    fresh = set(names)
    while fresh:
        chosen |= fresh
        fresh = {name for name, entry in known.items() if entry.wanted_by & fresh} - chosen
    return chosen & known.keys()


def runtime() -> list[str]:
    """What the project says that it needs at run time."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [name(requirement) for requirement in project["dependencies"]]


def name(requirement: str) -> str:
    """The name that a requirement begins with, as a lock writes it."""
    found = _NAME.match(requirement)
    return re.sub(r"[._-]+", "-", found[0]).lower() if found else ""


def _wanted_by(comments: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"[a-z0-9._-]+", comments) if word not in {"via", "roundtable", "pyproject.toml"})


def main(arguments: list[str]) -> None:
    """Print it."""
    known = entries((ROOT / "requirements.lock").read_text())
    for chosen in sorted(needed(known, arguments or runtime())):
        sys.stdout.write(known[chosen].text)


if __name__ == "__main__":
    main(sys.argv[1:])
