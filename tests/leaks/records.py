"""Records of a world as the oracle knows them, and what each of their words needs. The fields are written out here once more."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.leaks.marks import Mark, Marks, Needs, number, word
from tests.leaks.plans import Fate

Record = dict[str, Any]
SEALED = frozenset(
    {"minutes", "notes", "attendance_note", "said", "response", "progress", "reason", "outcome_note", "gist", "barriers", "commitment"}
)
"""What is sealed of an ordinary record."""
FRAME = frozenset({"id", "force", "version", "status", "sensitive", "recorded_late", "meeting_id", "answers", "related", "last_event"})
"""What is clear of a sensitive record, besides its dates."""
STUB = frozenset({"id", "force", "version", "erased_at", "last_event"})
"""What is left of an erased one."""
_PUBLICATION = frozenset({"you_said", "we_promised", "we_did"})
_DATES = ("_at", "_on", "_from", "_to", "response_due")
HIDDEN_CATEGORIES = ("community-tension", "stop-and-search", "officer-conduct-confidence")
"""What the sensitive concerns of every world are about, and no other."""
CATEGORIES = ("drugs", "burglary", "road-safety", "hate-crime")


def is_frame(name: str) -> bool:
    """Whether a field is clear even in a sensitive record."""
    return name in FRAME or (name.endswith(_DATES) and name != "referred_to")


@dataclass
class Facts:
    """What is entered of a record: every text in it is a mark, remembered by the field that it stands in."""

    words: list[tuple[str, str]] = field(default_factory=list)

    def word(self, name: str) -> str:
        """A new word that stands in a field."""
        self.words.append((name, word()))
        return self.words[-1][1]

    def texts(self, *names: str) -> Record:
        """A new word in each of these fields."""
        return {name: self.word(name) for name in names}

    def heads(self) -> int:
        """A number of people that is as good as nobody else's."""
        heads = number()
        self.words.append(("attendance", str(heads)))
        return heads


@dataclass
class Known:
    """A record of a world."""

    collection: str
    force: str
    id: str
    fate: Fate
    facts: Facts = field(default_factory=Facts, repr=False)
    published: tuple[str, ...] = ()
    """The fields of which the public page shows words."""
    replaced: frozenset[str] = field(default=frozenset(), repr=False)
    """Words that an older version held, and the newest does not."""
    meeting_id: str | None = None
    version: int = 1

    @property
    def path(self) -> str:
        """Where its owner shows it, behind the force."""
        return f"/meetings/{self.meeting_id}/feedback/{self.id}" if self.collection == "feedback" else f"/{self.collection}/{self.id}"

    def says(self, name: str, text: str) -> bool:
        """Whether the newest version holds a word: what was published is taken back by the version that is sensitive."""
        return text not in self.replaced and not (self.fate is Fate.WITHDRAWN and name in _PUBLICATION)

    def needs(self, name: str, fate: Fate) -> Needs:
        """What it takes to see a field of the record, were this its fate."""
        if fate is Fate.ERASED:
            return Needs.NOBODY
        if fate.is_sensitive:
            return Needs.SENSITIVE
        if fate is Fate.SHOWN and name in self.published:
            return Needs.PUBLISHED
        return Needs.OPENING if name in SEALED else Needs.GRANT


def remember(marks: Marks, records: Iterable[Known]) -> None:
    """Make marks of everything that records hold."""
    for record in records:
        marks.add(*_marks(record))


def _marks(record: Known) -> list[Mark]:
    shown = Needs.PUBLISHED if record.fate is Fate.SHOWN else Needs.GRANT
    first = Fate.SENSITIVE if record.fate is Fate.SENSITIVE else Fate.SHOWN if record.fate is Fate.WITHDRAWN else Fate.PLAIN
    words = [
        Mark(text, record.force, record.id, name, record.needs(name, record.fate), record.needs(name, first), record.says(name, text))
        for name, text in record.facts.words
    ]
    return [Mark(record.id, record.force, record.id, "id", shown, Needs.GRANT), *words]
