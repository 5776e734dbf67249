"""What a verification comes to: of each kind how much was compared, how much differs, and the first differences by name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

NAMED: Final = 20
"""How many differences of a kind are named; of the others, only the number is told."""


class Kind(StrEnum):
    """What is compared."""

    POSITIONS = "positions"
    LOG = "log"
    SEQUENCE = "sequence"
    OWNERS = "owners"
    OUTBOX = "outbox"
    DOCUMENTS = "documents"
    FIGURES = "figures"
    HISTORY = "history"
    PARKED = "parked"
    DISCARDED = "discarded"
    DELIVERIES = "deliveries"
    GRANTS = "grants"
    REFERENCES = "references"


ALLOWED: Final = frozenset({Kind.REFERENCES, Kind.DISCARDED})
"""Kinds whose differences are listed and are no fault: a reference may lead to what was never made, an operator gave an event up."""
EXPLAINED: Final = frozenset({Kind.PARKED})
"""Kinds that are no fault of what was compared, and that someone must do something about."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it should be. It names fields, and never what stands in them: that may be sensitive.

    Attributes:
        what: in which way it differs.
        id: of a record, an event, a bucket of figures or a delivery.
        version: of the record, where it is one.
        where: the partition or the collection that it was found in, or is missing from.
    """

    what: str
    force: str
    id: str
    where: str
    version: int | None = None

    def __str__(self) -> str:
        version = "" if self.version is None else f", version {self.version}"
        return f"{self.what}: {self.force}, {self.id}{version}, in {self.where}"


@dataclass
class Section:
    """What was found of one kind."""

    compared: int = 0
    differences: int = 0
    named: list[Difference] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many differences are not named."""
        return self.differences - len(self.named)


@dataclass
class Report:
    """What was found, by kind."""

    sections: dict[Kind, Section] = field(default_factory=lambda: {kind: Section() for kind in Kind})

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs; what is allowed does not count."""
        return not any(section.differences for kind, section in self.sections.items() if kind not in ALLOWED)

    @property
    def is_explained(self) -> bool:
        """Whether nothing differs but what is parked, and what is allowed."""
        return not any(section.differences for kind, section in self.sections.items() if kind not in ALLOWED | EXPLAINED)

    def compared(self, kind: Kind, number: int = 1) -> None:
        """So many things more were compared."""
        self.sections[kind].compared += number

    def add(self, kind: Kind, differences: Iterable[Difference]) -> None:
        """Keep differences, the first of them by name."""
        section = self.sections[kind]
        for difference in differences:
            section.differences += 1
            if len(section.named) < NAMED:
                section.named.append(difference)
