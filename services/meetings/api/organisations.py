"""Operations on organisations: whom a force meets."""

from typing import Annotated

from chassis.desk import AtDesk
from chassis.documents import example
from chassis.problems import problems
from chassis.routers import Ref, reading, recording
from contracts.entry import Entry, Patch, PatchOf
from contracts.places import Merging, Organisation, OrganisationFacts
from meetings import use_cases
from meetings.api import examples

recorders = recording("organisations")
readers = reading("organisations")


@recorders.post("", status_code=201, openapi_extra=example(request=examples.REGISTER_ORGANISATION))
async def register_organisation(facts: Entry[OrganisationFacts], desk: AtDesk) -> Organisation:
    """Register an organisation: a mosque, a church, a school, a residents' group; never a person.

    Its guidance for visitors (shoes, prayer times, how to enter in an incident) is what an officer reads before a visit. A
    neighbourhood that it names must be one of the force's.
    """
    return await use_cases.register_organisation(desk, facts)


@recorders.patch("/{organisation_id}", responses=problems(409, 412, 428), openapi_extra=example(request=examples.AMEND_ORGANISATION))
async def amend_organisation(organisation_id: Ref, patch: Annotated[Patch, PatchOf(OrganisationFacts)], desk: AtDesk) -> Organisation:
    """Put right what is known of an organisation, by a JSON merge patch (RFC 7396). One that was merged is no longer amended: 409."""
    return await use_cases.amend_organisation(desk, organisation_id, patch)


@recorders.post("/{organisation_id}/merge", responses=problems(409, 412, 428), openapi_extra=example(request=examples.MERGE_ORGANISATION))
async def merge_organisation(organisation_id: Ref, wish: Entry[Merging], desk: AtDesk) -> Organisation:
    """Record that this organisation and another one of the force are the same body; the other one stays.

    What names this one goes on naming it, and is counted under the other. An organisation that was merged before, into itself, or
    into one that was merged away itself: 409.
    """
    return await use_cases.merge_organisation(desk, organisation_id, wish)


@readers.get("/{organisation_id}", openapi_extra=example(answer=examples.organisation()))
async def read_organisation(organisation_id: Ref, desk: AtDesk) -> Organisation:
    """Read an organisation where it is owned: its newest version at once, with the `ETag` that a change needs."""
    return await desk.show(Organisation, organisation_id)
