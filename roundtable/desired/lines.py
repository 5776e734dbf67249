"""Where in a YAML text something stands, and what stands there twice."""

from collections.abc import Iterator, Sequence
from typing import Final

import yaml

Path = Sequence[str | int]
_FIRST: Final = 1


def line_of(root: yaml.Node | None, path: Path) -> int:
    """The line of what a path leads to, such as `("consumers", 1, "force")`; of the last part of the way that is there."""
    line, node = _FIRST, root
    for step in path:
        found = _below(node, step)
        if found is None:
            break
        mark, node = found
        line = _line(mark)
    return line


def doubled(node: yaml.Node | None, path: Path = ()) -> Iterator[Path]:
    """The keys that a mapping has twice: YAML lets the last one win, and whoever reviews the first is deceived."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        yield from ((*path, key) for key in dict.fromkeys(keys) if keys.count(key) > 1)
        for key, value in node.value:
            yield from doubled(value, (*path, key.value))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from doubled(item, (*path, number))


def _below(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """What stands a step further, and where it begins."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in reversed(node.value) if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + _FIRST
