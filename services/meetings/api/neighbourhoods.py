"""Operations on neighbourhoods: the policing areas of a force."""

from typing import Annotated

from chassis.desk import AtDesk
from chassis.documents import example
from chassis.problems import problems
from chassis.routers import Ref, reading, recording
from contracts.entry import Entry, Patch, PatchOf
from contracts.places import Neighbourhood, NeighbourhoodFacts
from meetings import use_cases
from meetings.api import examples

recorders = recording("neighbourhoods")
readers = reading("neighbourhoods")


@recorders.post("", status_code=201, responses=problems(409), openapi_extra=example(request=examples.REGISTER_NEIGHBOURHOOD))
async def register_neighbourhood(facts: Entry[NeighbourhoodFacts], desk: AtDesk) -> Neighbourhood:
    """Register a neighbourhood in the shape of police.uk: coordinates are strings, the boundary is a ring of points.

    `code` is the police.uk id; it is unique within the force, and a second neighbourhood with it is 409.
    """
    return await use_cases.register_neighbourhood(desk, facts)


@recorders.patch("/{neighbourhood_id}", responses=problems(409, 412, 428), openapi_extra=example(request=examples.AMEND_NEIGHBOURHOOD))
async def amend_neighbourhood(neighbourhood_id: Ref, patch: Annotated[Patch, PatchOf(NeighbourhoodFacts)], desk: AtDesk) -> Neighbourhood:
    """Put right what is known of a neighbourhood, by a JSON merge patch (RFC 7396). A code that another one has: 409."""
    return await use_cases.amend_neighbourhood(desk, neighbourhood_id, patch)


@readers.get("/{neighbourhood_id}", openapi_extra=example(answer=examples.neighbourhood()))
async def read_neighbourhood(neighbourhood_id: Ref, desk: AtDesk) -> Neighbourhood:
    """Read a neighbourhood where it is owned: its newest version at once, with the `ETag` that a change needs."""
    return await desk.show(Neighbourhood, neighbourhood_id)
