"""What a record of this service names of others: those must be there, in the same force, and not erased."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from contracts.meeting import Attendance, Feedback, Meeting, Venue
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from meetings.domain.refusals import ErasedError, NoSuchReferenceError, RecordedLateError


class Reference(NamedTuple):
    """One record that another one names, and where."""

    model: type[State]
    id: str
    pointer: str


def references(after: State, before: State | None = None) -> tuple[Reference, ...]:
    """What a state names that the version before did not: an amendment answers for what it brings in, not for what was erased since."""
    known = {(reference.model, reference.id) for reference in _named(before)} if before is not None else set()
    return tuple(reference for reference in _named(after) if (reference.model, reference.id) not in known)


def require(wanted: Collection[Reference], standing: Collection[tuple[type[State], str]]) -> None:
    """Refuse the first reference to something that does not stand.

    Args:
        wanted: what a record names.
        standing: those of them that are there and not erased, by model and id.

    Raises:
        NoSuchReferenceError: with a pointer to the field that names it.
    """
    for reference in wanted:
        if (reference.model, reference.id) not in standing:
            raise NoSuchReferenceError(pointer=reference.pointer)


def must_stand(state: State) -> None:
    """Refuse any change to an erased record."""
    if state.erased_at is not None:
        raise ErasedError


def must_keep_late(before: Meeting, after: Meeting) -> None:
    """Refuse to say afterwards that a record was or was not made late."""
    if before.recorded_late != after.recorded_late:
        raise RecordedLateError(pointer="#/recorded_late")


def _named(state: State) -> Iterator[Reference]:
    if isinstance(state, Meeting):
        yield from _of_venue(state.venue)
        yield from _of_attendance(state.attendance)
    if isinstance(state, Feedback) and state.organisation_id is not None:
        yield Reference(Organisation, state.organisation_id, "#/organisation_id")
    if isinstance(state, Meeting | Organisation) and state.neighbourhood_id is not None:
        yield Reference(Neighbourhood, state.neighbourhood_id, "#/neighbourhood_id")


def _of_venue(venue: Venue | None) -> Iterator[Reference]:
    if venue is not None and venue.organisation_id is not None:
        yield Reference(Organisation, venue.organisation_id, "#/venue/organisation_id")


def _of_attendance(attendance: Attendance | None) -> Iterator[Reference]:
    for index, attending in enumerate(attendance.named if attendance is not None else ()):
        yield Reference(Organisation, attending.organisation_id, f"#/attendance/named/{index}/organisation_id")
