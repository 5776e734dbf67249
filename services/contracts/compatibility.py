"""Refuses a schema that breaks what any released version promised, and freezes a new release.

A consumer that reads what was released must be able to read what is sent now, and old events must stay readable. So a
field may come, if nothing requires it; nothing may go, change its type or become required. Anything else is a new `.v2`.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any, Final

from contracts import examples, schemas
from contracts.generated import HERE, drift
from contracts.releases import RELEASED, read, versions

Schema = dict[str, Any]
VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
ADVICE: Final = "A new field is optional; anything else is a new event `.v2` beside `.v1`."
EXACT: Final = {
    "$id": "the name of the schema",
    "const": "a constant",
    "enum": "an enumeration",
    "format": "a format",
    "pattern": "a pattern",
}


@dataclass(frozen=True)
class Breach:
    """A rule that a schema breaks, and where."""

    path: str
    rule: str


def check(current: Path = HERE / "schemas", released: Path = RELEASED) -> list[str]:
    """What breaks an earlier release, each as a sentence that names file, place, rule and what to do."""
    found = []
    for version in versions(released):
        for old in sorted((released / version / "schemas").glob("*.json")):
            breaches = compare(read(old), read(current / old.name)) if (current / old.name).exists() else [Breach("", "the schema is gone")]
            found += [f"schemas/{old.name}{breach.path}: {breach.rule} (released in {version}). {ADVICE}" for breach in breaches]
    return found


def compare(old: Schema, new: Schema) -> list[Breach]:
    """What a new schema breaks of an old one."""
    return list(_Comparison(old, new).nodes(old, new, "#"))


@dataclass(frozen=True)
class _Comparison:
    """Two documents whose references are followed, each in its own."""

    old: Schema
    new: Schema

    def nodes(self, old: Schema, new: Schema, path: str) -> Iterator[Breach]:
        """Compare two schemas that stand in the same place."""
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        yield from _itself(old, new, path)
        yield from _required(old, new, path)
        yield from self._properties(old, new, path)
        yield from self._branches(old, new, path)
        if "items" in old or "items" in new:
            yield from self.nodes(old.get("items", {}), new.get("items", {}), f"{path}/items")

    def _properties(self, old: Schema, new: Schema, path: str) -> Iterator[Breach]:
        shown = new.get("properties", {})
        for name, schema in old.get("properties", {}).items():
            place = f"{path}/properties/{name}"
            if name in shown:
                yield from self.nodes(schema, shown[name], place)
            else:
                yield Breach(place, "a property was removed")

    def _branches(self, old: Schema, new: Schema, path: str) -> Iterator[Breach]:
        before, after = _by_name(old, self.old), _by_name(new, self.new)
        for name in before.keys() - after.keys():
            yield Breach(f"{path}/anyOf/{name}", "a form was removed")
        for name in after.keys() - before.keys():
            # A form of a whole event may come: it has a title of its own. A field may not take a further type.
            if path != "#":
                yield Breach(f"{path}/anyOf/{name}", "a type was added")
        for name in sorted(before.keys() & after.keys()):
            yield from self.nodes(before[name], after[name], f"{path}/anyOf/{name}")


def _itself(old: Schema, new: Schema, path: str) -> Iterator[Breach]:
    if _types(old) != _types(new):
        yield Breach(path, f"the type was changed from {_types(old)} to {_types(new)}")
    for keyword, what in EXACT.items():
        if old.get(keyword) != new.get(keyword):
            yield Breach(path, f"{what} was changed (`{keyword}`)")
    if new.get("additionalProperties") is False:
        yield Breach(path, "unknown fields were forbidden")
    if gone := set(old.get("x-known-values", ())) - set(new.get("x-known-values", ())):
        yield Breach(path, f"known values were removed: {', '.join(sorted(gone))}")


def _required(old: Schema, new: Schema, path: str) -> Iterator[Breach]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(after - before):
        yield Breach(f"{path}/properties/{name}", "a property became required")
    for name in sorted(before - after):
        yield Breach(f"{path}/properties/{name}", "a property is no longer required")


def _types(schema: Schema) -> list[str]:
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else sorted(declared)


def _resolved(schema: Schema, document: Schema) -> Schema:
    """A schema with its reference followed; what stands beside the reference counts."""
    if "$ref" not in schema:
        return schema
    target = document["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return _resolved(target, document) | {key: value for key, value in schema.items() if key != "$ref"}


def _by_name(schema: Schema, document: Schema) -> dict[str, Schema]:
    """Branches by title, or by type where they have none."""
    branches = [_resolved(branch, document) for branch in schema.get("anyOf", [])]
    return {branch.get("title", "/".join(_types(branch))): branch for branch in branches}


def release(version: str, released: Path = RELEASED) -> Path:
    """Freeze schemas and examples as a release.

    Raises:
        ValueError: the version is no version, files differ from the code, break an earlier release, or the version is released already.
    """
    if not VERSION.fullmatch(version):
        message = "a release is named by three numbers, such as 0.1.0"
        raise ValueError(message)
    target = released / version
    refusals = [f"{version} is released already: a release never changes"] if target.exists() else []
    refusals += drift(schemas.FOLDER, schemas.schemas()) + drift(examples.FOLDER, examples.examples()) + check(released=released)
    if refusals:
        raise ValueError("\n".join(refusals))
    for folder in (schemas.FOLDER, examples.FOLDER):
        copytree(folder, target / folder.name)
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, or freeze a release; the exit status."""
    parser = argparse.ArgumentParser(description="Compare the schemas with every released version.")
    parser.add_argument("--release", metavar="VERSION", help="freeze the schemas and examples as this version")
    version = parser.parse_args(arguments).release
    try:
        breaches = check() if version is None else []
        if version is not None:
            release(version)
    except ValueError as error:
        breaches = [str(error)]
    sys.stderr.writelines(f"{breach}\n" for breach in breaches)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
