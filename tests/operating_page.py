"""The operator's page, read for its commands."""

import re
from pathlib import Path
from typing import Final, NamedTuple

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "operating.md"
_BLOCK_OR_HEADING: Final = re.compile(r"^```(\w*)\n(.*?)^```$|^#+ ([^\n]+)$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """Commands that stand together, and the heading that they stand under."""

    heading: str
    lines: tuple[str, ...]


def blocks() -> list[Block]:
    """The page's blocks of commands, in their order; blocks of a named language are no commands."""
    found, heading = [], ""
    for match in _BLOCK_OR_HEADING.finditer(PAGE.read_text()):
        language, lines, beginning = match.groups()
        heading = beginning or heading
        if lines and not language:
            found.append(Block(heading, tuple(lines.splitlines())))
    return found
