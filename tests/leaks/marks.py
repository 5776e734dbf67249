"""Marks: random words, ids and numbers that stand for what must not leak, so that the bytes of an answer tell whose they are."""

import random
import re
import string
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_LETTERS = 14
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SHAPES = re.compile(
    rf"{_UUID}|qz[a-z]{{{_LETTERS}}}|(?<![a-z0-9])f-[0-9a-f]{{10}}(?![0-9a-f])|(?<![0-9.])9[0-9]{{2}},?[0-9]{{3}}(?![0-9])"
)
_PACKED = re.compile(r"[A-Za-z0-9_-]{16,}")
_NUMBERS = (900_000, 999_999)
# The chance of the module begins anew with every example of a property.
_CHANCE = random.SystemRandom()


class Needs(StrEnum):
    """What somebody must hold in a force to see something of it, as `docs/security.md` says; each mark needs one of these."""

    PUBLISHED = "nothing, on the public page; any role elsewhere"
    GRANT = "any role"
    OPENING = "reader, recorder or sensitive_reader"
    SENSITIVE = "sensitive_reader"
    SUBSCRIBER = "subscriber"
    NOBODY = "it is gone"


@dataclass(frozen=True)
class Mark:
    """What stands for one thing of one record.

    Attributes:
        needs: what it takes to see it now.
        before: what it took when it was first told, where it has been hidden since; a webhook may have been sent then.
        current: whether it stands in the newest version.
    """

    text: str
    force: str
    record: str
    name: str
    needs: Needs
    before: Needs
    current: bool = True


@dataclass
class Marks:
    """Every mark of a world, by its text."""

    known: dict[str, Mark] = field(default_factory=dict)
    _of: dict[str, list[Mark]] = field(default_factory=dict)

    def add(self, *marks: Mark) -> None:
        """Remember some."""
        self.known |= {mark.text: mark for mark in marks}
        for mark in marks:
            self._of.setdefault(mark.record, []).append(mark)

    def within(self, text: str) -> set[Mark]:
        """The marks in an answer, those in cursors and other packed text too."""
        looked = text + "\n" + "\n".join(_unpacked(text))
        return {mark for each in set(_SHAPES.findall(looked.lower())) if (mark := self.known.get(each.replace(",", ""))) is not None}

    def of(self, record: str) -> list[Mark]:
        """The marks of one record."""
        return self._of.get(record, [])


def word() -> str:
    """A word that nobody else uses. It has no figures: nothing that is screened for contact details takes it for one."""
    return "qz" + "".join(_CHANCE.choices(string.ascii_lowercase, k=_LETTERS))


def number() -> int:
    """A number of heads that is as good as nobody else's."""
    return _CHANCE.randint(*_NUMBERS)


def one_of(values: Sequence[str]) -> str:
    """Any of some values."""
    return _CHANCE.choice(values)


def _unpacked(text: str) -> Iterator[str]:
    for packed in set(_PACKED.findall(text)):
        yield urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode("latin-1") if len(packed) % 4 != 1 else ""
