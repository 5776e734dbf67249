"""Plans of worlds: which forces there are, what becomes of each of their records, and who asks."""

from dataclasses import dataclass
from enum import StrEnum

from hypothesis import strategies as st

from tests.leaks.people import Person, certain, people


class Fate(StrEnum):
    """What becomes of a record."""

    PLAIN = "ordinary, and stays so"
    AMENDED = "ordinary, in several versions"
    SENSITIVE = "sensitive from the beginning"
    RAISED = "ordinary first, then sensitive"
    LOWERED = "sensitive first, then ordinary"
    SHOWN = "published, or a public meeting to come"
    WITHDRAWN = "published first, then sensitive"
    ERASED = "ordinary first, then erased"

    @property
    def is_sensitive(self) -> bool:
        """Whether the record is sensitive in the end."""
        return self in {Fate.SENSITIVE, Fate.RAISED, Fate.WITHDRAWN}


MEETINGS = (Fate.PLAIN, Fate.SENSITIVE, Fate.RAISED, Fate.SHOWN, Fate.ERASED)
CONCERNS = (Fate.PLAIN, Fate.SENSITIVE, Fate.RAISED, Fate.SHOWN, Fate.WITHDRAWN, Fate.ERASED)
"""The fates that are met in every force; any others come beside them by chance."""


@dataclass(frozen=True)
class ForcePlan:
    """One force's records.

    Attributes:
        meetings: the fate of each meeting.
        concerns: the fate of each concern.
        raised_at: the number of the meeting at which each concern was raised, by turns; None for none.
    """

    meetings: tuple[Fate, ...]
    concerns: tuple[Fate, ...]
    raised_at: tuple[int | None, ...]


@dataclass(frozen=True)
class Plan:
    """A world before it is built. The last of its forces has recorded nothing."""

    forces: tuple[ForcePlan, ...]
    people: tuple[Person, ...]


def _force() -> st.SearchStrategy[ForcePlan]:
    more = st.lists(st.sampled_from(list(Fate)), max_size=3)
    return st.builds(
        lambda meetings, concerns, raised_at: ForcePlan((*MEETINGS, *meetings), (*CONCERNS, *concerns), tuple(raised_at)),
        st.lists(st.sampled_from([fate for fate in Fate if fate is not Fate.WITHDRAWN]), max_size=2),
        more,
        st.lists(st.one_of(st.none(), st.integers(0, len(MEETINGS) - 1)), min_size=3, max_size=7),
    )


@st.composite
def plans(draw: st.DrawFn, most_forces: int = 3, others: int = 30) -> Plan:
    """Any world."""
    forces = draw(st.lists(_force(), min_size=2, max_size=most_forces))
    more = draw(st.lists(people(len(forces) + 1), min_size=others, max_size=others))
    return Plan(tuple(forces), (*certain(len(forces) + 1), *more))
