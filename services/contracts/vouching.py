"""Vouching: a caller says of texts of one request that what screening finds there is not personal data.

Which texts, the caller names by pointer; what was found where is kept for whoever counts and logs it. The texts themselves are not.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import ErrorDetails

FOUND: Final = "contact_details"
"""Code of the errors that screening raises; no other can be vouched for."""
HEADER: Final = "X-Roundtable-Not-Personal-Data"
Kinds = tuple[str, ...]


@dataclass(frozen=True)
class Vouching:
    """What a caller vouches for, and what came of it.

    Attributes:
        pointers: texts in the body, as JSON Pointers (RFC 6901): `/said`, `/visiting_guidance/0`.
        passed: what was found in those, by pointer.
        refused: what was found in others, by pointer.
    """

    pointers: frozenset[str] = frozenset()
    passed: dict[str, Kinds] = field(default_factory=dict)
    refused: dict[str, Kinds] = field(default_factory=dict)


_VOUCHING: Final[ContextVar[Vouching | None]] = ContextVar("vouching", default=None)


@contextmanager
def vouching(pointers: frozenset[str]) -> Iterator[Vouching]:
    """Within it, what is entered is judged as one request whose caller vouches for these pointers."""
    begun = Vouching(pointers)
    token = _VOUCHING.set(begun)
    try:
        yield begun
    finally:
        _VOUCHING.reset(token)


def vouched_apart(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """The errors that stay: all but what was found where the caller vouches for it."""
    now = _VOUCHING.get() or Vouching()
    left = []
    for error in errors:
        pointer = "".join(f"/{step}" for step in error["loc"])
        if error["type"] == FOUND:
            into = now.passed if pointer in now.pointers else now.refused
            into[pointer] = kinds(error)
        if error["type"] != FOUND or pointer not in now.pointers:
            left.append(error)
    return left


def kinds(error: Mapping[str, Any]) -> Kinds:
    """What screening found, of one of its errors; nothing of any other error."""
    return tuple(error.get("ctx", {}).get("found", ()))
