"""The rules of organisations and neighbourhoods, and of what records of the meetings service name of each other."""

from typing import Any

import pytest

from contracts.entry import Patch
from contracts.meeting import Attendance, Attending, Feedback, Meeting, Venue
from contracts.places import Merging, Neighbourhood, NeighbourhoodFacts, Organisation, OrganisationFacts
from meetings import domain
from meetings.domain.refusals import (
    AlreadyMergedError,
    CodeTakenError,
    ErasedError,
    MeetingsError,
    MergedAwayError,
    MergedIntoItselfError,
    NoSuchReferenceError,
)
from tests.builders import NOW, new_id

MOSQUES, COUNCIL, TOWN = new_id(), new_id(), new_id()


def organisation(**fields: Any) -> Organisation:
    facts = OrganisationFacts(name="Kettering Muslim Association")
    return domain.register_organisation(new_id(), "kent", facts, NOW).state.model_copy(update=fields)


def neighbourhood(code: str | None = None) -> Neighbourhood:
    return domain.register_neighbourhood(new_id(), "kent", NeighbourhoodFacts(name="Kettering town", code=code), NOW).state


def meeting(**fields: Any) -> Meeting:
    return Meeting(id=new_id(), force="kent", version=1, **fields)


def refusal(error: type[MeetingsError], pointer: str | None = None) -> Any:
    return pytest.raises(error, check=lambda refused: refused.pointer == pointer)


def merge(one: Organisation, into: Organisation | None, named: str | None = None) -> Organisation:
    wish = Merging(merged_into=named or (into.id if into else new_id()))
    return domain.merge_organisation(one, wish, into, NOW).state


def test_an_organisation_is_registered_and_amended() -> None:
    registered = organisation()

    amended = domain.amend_organisation(registered, Patch(OrganisationFacts, {"visiting_guidance": ["Shoes come off"]})).state

    assert (registered.status, registered.registered_at) == ("active", NOW)
    assert (amended.version, amended.visiting_guidance, amended.name) == (2, ("Shoes come off",), registered.name)


def test_a_merged_organisation_names_the_one_that_stays() -> None:
    stays = organisation()

    merged = merge(organisation(), stays)

    assert (merged.status, merged.merged_into, merged.merged_at) == ("merged", stays.id, NOW)


def test_an_organisation_is_merged_once() -> None:
    merged = merge(organisation(), organisation())

    with refusal(AlreadyMergedError):
        merge(merged, organisation())
    with refusal(AlreadyMergedError):
        domain.amend_organisation(merged, Patch(OrganisationFacts, {"name": "Another name"}))


def test_an_organisation_is_merged_into_another_that_stands_for_itself() -> None:
    one = organisation()

    with refusal(MergedIntoItselfError, "#/merged_into"):
        merge(one, one)
    with refusal(MergedAwayError, "#/merged_into"):
        merge(one, merge(organisation(), organisation()))
    with refusal(NoSuchReferenceError, "#/merged_into"):
        merge(one, None)
    with refusal(NoSuchReferenceError, "#/merged_into"):
        merge(one, organisation(erased_at=NOW))


def test_nothing_follows_an_erasure() -> None:
    with refusal(ErasedError):
        domain.amend_organisation(organisation(erased_at=NOW), Patch(OrganisationFacts, {"name": "Another name"}))
    with refusal(ErasedError):
        merge(organisation(erased_at=NOW), organisation())
    with refusal(ErasedError):
        stub = neighbourhood().model_copy(update={"erased_at": NOW})
        domain.amend_neighbourhood(stub, Patch(NeighbourhoodFacts, {"name": "Another name"}))


def test_a_code_is_free_unless_another_neighbourhood_has_it() -> None:
    one, other = neighbourhood("NN-07"), neighbourhood("NN-07")

    domain.require_free_code(one, [])
    domain.require_free_code(one, [one])
    with refusal(CodeTakenError, "#/code"):
        domain.require_free_code(one, [one, other])


def test_each_record_says_what_it_names_and_where() -> None:
    venue, attendance = (
        Venue(organisation_id=MOSQUES),
        Attendance(named=(Attending(organisation_id=MOSQUES), Attending(organisation_id=COUNCIL))),
    )
    record = meeting(venue=venue, attendance=attendance, neighbourhood_id=TOWN)

    assert domain.references(record) == (
        (Organisation, MOSQUES, "#/venue/organisation_id"),
        (Organisation, MOSQUES, "#/attendance/named/0/organisation_id"),
        (Organisation, COUNCIL, "#/attendance/named/1/organisation_id"),
        (Neighbourhood, TOWN, "#/neighbourhood_id"),
    )
    assert domain.references(organisation(neighbourhood_id=TOWN)) == ((Neighbourhood, TOWN, "#/neighbourhood_id"),)
    feedback = Feedback(id=new_id(), force="kent", version=1, organisation_id=MOSQUES)
    assert domain.references(feedback) == ((Organisation, MOSQUES, "#/organisation_id"),)
    assert domain.references(neighbourhood()) == ()
    assert domain.references(meeting()) == ()


def test_an_amendment_answers_only_for_what_it_brings_in() -> None:
    before = meeting(attendance=Attendance(named=(Attending(organisation_id=MOSQUES),)))
    after = meeting(attendance=Attendance(named=(Attending(organisation_id=MOSQUES), Attending(organisation_id=COUNCIL))))

    assert [reference.id for reference in domain.references(after, before)] == [COUNCIL]


def test_the_first_reference_to_nothing_is_refused() -> None:
    wanted = domain.references(meeting(venue=Venue(organisation_id=MOSQUES), neighbourhood_id=TOWN))

    domain.require(wanted, {(Organisation, MOSQUES), (Neighbourhood, TOWN)})
    with refusal(NoSuchReferenceError, "#/neighbourhood_id"):
        domain.require(wanted, {(Organisation, MOSQUES)})
    with refusal(NoSuchReferenceError, "#/venue/organisation_id"):
        domain.require(wanted, {(Organisation, TOWN), (Neighbourhood, TOWN)})
