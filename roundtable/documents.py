"""Writes what the repository says about itself: the graph of imports, the list of settings and the table of metrics.

`python -m roundtable.documents` writes them, `--check` fails when they do not agree with the code.
"""

import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import Final

import grimp

from chassis.secret_files import PREFIX
from chassis.settings import Settings
from chassis.written import describe
from roundtable.deployed.choices import compose_files, describe_choices
from roundtable.metrics_table import with_metrics

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("contracts", "chassis", "meetings", "concerns", "notifications", "readmodel", "roundtable")
SERVICES: Final = ("readmodel", "meetings", "concerns", "notifications")
Imports = Mapping[str, frozenset[str]]


def imports() -> Imports:
    """Every module of the project, and the modules of the project that it imports."""
    graph = grimp.build_graph(*PACKAGES)
    return {module: frozenset(graph.find_modules_directly_imported_by(module)) for module in sorted(graph.modules)}


def circle(found: Imports) -> list[str] | None:
    """Modules that import each other in a circle, or None."""
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def between(found: Imports, depth: int) -> dict[tuple[str, str], int]:
    """How many imports lead from one part of the project to another, parts being named to a depth of dots."""
    counted: dict[tuple[str, str], int] = {}
    for module, imported in found.items():
        for other in imported:
            edge = (_part(module, depth), _part(other, depth))
            if edge[0] != edge[1]:
                counted[edge] = counted.get(edge, 0) + 1
    return dict(sorted(counted.items()))


def _part(module: str, depth: int) -> str:
    return ".".join(module.split(".")[:depth])


def _diagram(edges: Mapping[tuple[str, str], int]) -> Iterator[str]:
    yield "```mermaid"
    yield "graph TD"
    for (importer, imported), count in edges.items():
        yield f"    {importer.replace('.', '_')}[{importer}] -->|{count}| {imported.replace('.', '_')}[{imported}]"
    yield "```"


def _inside(found: Imports, package: str) -> Imports:
    own = [module for module in found if _part(module, 1) == package]
    return {module: found[module] & frozenset(own) for module in own}


def import_page(found: Imports) -> str:
    """The text of `docs/imports.md`."""
    around = circle(found)
    lines = [
        "# What imports what",
        "",
        "Written by `make graph`; each number counts the imports. The rules that hold it so stand in `pyproject.toml`,",
        "under `tool.importlinter`.",
        "",
        f"{len(found)} modules, {sum(map(len, found.values()))} imports between them, "
        + ("no circle." if around is None else f"a circle: {' → '.join(around)}"),
        "",
        "## Between the packages",
        "",
        *_diagram(between(found, 1)),
    ]
    for package in PACKAGES:
        lines += ["", f"## Inside {package}", "", *_diagram(between(_inside(found, package), 2))]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """The text of `.env.example`."""
    classes: list[type[Settings]] = [import_module(f"{service}.settings").Settings for service in SERVICES]
    described = {PREFIX + name.upper() for each in classes for name in each.model_fields}
    return describe_choices(compose_files(ROOT), described) + "\n" + describe(classes)


def main(arguments: list[str]) -> int:
    """Write the documents, or check them; the exit status."""
    found = imports()
    operating = ROOT / "docs" / "operating.md"
    texts = {
        ROOT / "docs" / "imports.md": import_page(found),
        ROOT / ".env.example": settings_page(),
        operating: with_metrics(operating.read_text()),
    }
    if "--check" not in arguments:
        for file, text in texts.items():
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
    stale = [str(file.relative_to(ROOT)) for file, text in texts.items() if not file.exists() or file.read_text() != text]
    for name in stale:
        sys.stderr.write(f"{name} does not agree with the code: run `make graph`\n")
    if around := circle(found):
        sys.stderr.write(f"imports go in a circle: {' → '.join(around)}\n")
    return 1 if stale or around else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
