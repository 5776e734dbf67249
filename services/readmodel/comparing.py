"""In what two documents, or two sums of figures, differ: by name, and never by what stands there, which may be sensitive."""

from collections import Counter

from readmodel.projections import Figure, Stored
from readmodel.tally import field_of


def differing_fields(one: Stored, other: Stored) -> list[str]:
    """Names of the fields that are not the same in both, in order."""
    absent = object()
    return sorted(name for name in one.keys() | other.keys() if one.get(name, absent) != other.get(name, absent))


def differing_figures(one: Counter[Figure], other: Counter[Figure]) -> list[str]:
    """Fields of the figures that are not the same in both, in order; one that is 0 and one that is not there are alike."""
    return sorted(field_of(figure) for figure in one.keys() | other.keys() if one[figure] != other[figure])
