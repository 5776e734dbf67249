"""The rules of organisations and neighbourhoods: registered, put right, and found to be one and the same."""

from datetime import datetime

from contracts.entry import Patch
from contracts.events import NeighbourhoodAmended, NeighbourhoodRegistered, OrganisationAmended, OrganisationMerged, OrganisationRegistered
from contracts.places import Merging, Neighbourhood, NeighbourhoodFacts, Organisation, OrganisationFacts
from contracts.vocabulary import OrganisationStatus
from meetings.domain.references import must_stand
from meetings.domain.refusals import AlreadyMergedError, CodeTakenError, MergedAwayError, MergedIntoItselfError, NoSuchReferenceError


def register_organisation(subject: str, force: str, facts: OrganisationFacts, now: datetime) -> OrganisationRegistered:
    """A force begins to know an organisation."""
    return OrganisationRegistered(Organisation.begin(facts, id=subject, force=force, registered_at=now))


def amend_organisation(organisation: Organisation, patch: Patch) -> OrganisationAmended:
    """Put right what is known of an organisation; one that was merged is no longer amended."""
    _must_stand_for_itself(organisation)
    return OrganisationAmended(organisation.next(**patch.apply(organisation)))


def merge_organisation(organisation: Organisation, wish: Merging, into: Organisation | None, now: datetime) -> OrganisationMerged:
    """Record that an organisation is another one, which stays. What names the merged one goes on naming it.

    Args:
        organisation: the one that is given up.
        wish: names the one that stays.
        into: that one, or None when the force has none of that id.
        now: this instant.

    Raises:
        AlreadyMergedError: the first was merged before.
        MergedIntoItselfError: the two are one record.
        MergedAwayError: the second was merged itself.
        NoSuchReferenceError: the second is absent or erased.
    """
    _must_stand_for_itself(organisation)
    if wish.merged_into == organisation.id:
        raise MergedIntoItselfError(pointer="#/merged_into")
    if into is None or into.erased_at is not None:
        raise NoSuchReferenceError(pointer="#/merged_into")
    if into.status == OrganisationStatus.MERGED:
        raise MergedAwayError(pointer="#/merged_into")
    return OrganisationMerged(organisation.entered(wish, status=OrganisationStatus.MERGED, merged_at=now))


def register_neighbourhood(subject: str, force: str, facts: NeighbourhoodFacts, now: datetime) -> NeighbourhoodRegistered:
    """A force names one of its policing areas."""
    return NeighbourhoodRegistered(Neighbourhood.begin(facts, id=subject, force=force, registered_at=now))


def amend_neighbourhood(neighbourhood: Neighbourhood, patch: Patch) -> NeighbourhoodAmended:
    """Put right what is known of a neighbourhood."""
    must_stand(neighbourhood)
    return NeighbourhoodAmended(neighbourhood.next(**patch.apply(neighbourhood)))


def require_free_code(neighbourhood: Neighbourhood, holders: list[Neighbourhood]) -> None:
    """Refuse a code that another neighbourhood of the force has."""
    if any(holder.id != neighbourhood.id for holder in holders):
        raise CodeTakenError(pointer="#/code")


def _must_stand_for_itself(organisation: Organisation) -> None:
    must_stand(organisation)
    if organisation.status == OrganisationStatus.MERGED:
        raise AlreadyMergedError
