"""Coverage: which organisations were met, when last, which never, and how many were met but not named."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from chassis.mongo import Document
from contracts.places import Neighbourhood, Organisation
from contracts.vocabulary import OrganisationStatus
from readmodel.store import Store
from readmodel.tally import Tally, summed
from readmodel.views.met import NOT_DATED, Met, Own, last_met


class Contact(BaseModel):
    """An organisation, and when it was last met, as far as that is known: a day or a month.

    `met` without a `last_contact`: at a meeting whose date is not known.
    """

    model_config = ConfigDict(frozen=True)

    force: str
    id: str
    name: str | None
    kind: str | None
    strand: str | None
    neighbourhood_id: str | None
    locality: str | None
    met: bool
    last_contact: str | None


class Reach(BaseModel):
    """How many organisations of a group are known, were met, and never were."""

    known: int
    met: int
    never_met: int


class NeighbourhoodReach(Reach):
    """The reach in one neighbourhood; of null, among organisations that have none."""

    force: str
    neighbourhood_id: str | None
    name: str | None


class Coverage(BaseModel):
    """Whom the forces have met. Never met first, then longest ago."""

    organisations: list[Contact]
    by_strand: dict[str, Reach]
    by_neighbourhood: list[NeighbourhoodReach]
    met_not_named: int


async def of(store: Store, forces: Sequence[str]) -> Coverage:
    """The coverage of some forces; merged organisations count as the one that they were merged into."""
    organisations, met, names, counts = await asyncio.gather(
        _organisations(store, forces), last_met(store, forces), _names(store, forces), store.figures.find({"force": {"$in": list(forces)}})
    )
    return covered(organisations, met, names, Tally.of(summed(counts)).attendance.not_named)


def covered(organisations: Iterable[Document], met: Met, names: Mapping[Own, str | None], not_named: int) -> Coverage:
    """Coverage, of organisations, who was met, what neighbourhoods are called, and how many came that are not named."""
    contacts = sorted((_contact(each, met) for each in organisations), key=lambda each: _longest_ago(each, met))
    return Coverage(
        organisations=contacts,
        by_strand={strand: _reach(group) for strand, group in _grouped_by_strand(contacts).items()},
        by_neighbourhood=_by_neighbourhood(contacts, names),
        met_not_named=not_named,
    )


async def _organisations(store: Store, forces: Sequence[str]) -> list[Document]:
    standing_ones = {"force": {"$in": list(forces)}, "erased_at": None, "status": {"$ne": OrganisationStatus.MERGED.value}}
    return await store.of(Organisation).find(standing_ones, projection={"sealed": 0, "visiting_guidance": 0})


async def _names(store: Store, forces: Sequence[str]) -> dict[Own, str | None]:
    found = await store.of(Neighbourhood).find({"force": {"$in": list(forces)}}, projection={"force": 1, "id": 1, "name": 1})
    return {(each["force"], each["id"]): each.get("name") for each in found}


def _contact(organisation: Document, met: Met) -> Contact:
    own = (organisation["force"], organisation["id"])
    facts = {name: organisation.get(name) for name in ("force", "id", "name", "kind", "strand", "neighbourhood_id", "locality")}
    return Contact(**facts, met=own in met, last_contact=met.get(own, NOT_DATED).known)


def _longest_ago(contact: Contact, met: Met) -> tuple[bool, str, str, str]:
    """Of a month, its last day counts: the organisation may have been met as lately as that."""
    return contact.met, met.get((contact.force, contact.id), NOT_DATED).until, contact.name or "", contact.id


def _grouped_by_strand(contacts: Iterable[Contact]) -> dict[str, list[Contact]]:
    grouped: dict[str, list[Contact]] = defaultdict(list)
    for contact in contacts:
        grouped[contact.strand or "unknown"].append(contact)
    return grouped


def _by_neighbourhood(contacts: Iterable[Contact], names: Mapping[Own, str | None]) -> list[NeighbourhoodReach]:
    grouped: dict[tuple[str, str], list[Contact]] = defaultdict(list)
    for contact in contacts:
        grouped[contact.force, contact.neighbourhood_id or ""].append(contact)
    return [
        NeighbourhoodReach(force=force, neighbourhood_id=subject or None, name=names.get((force, subject)), **_reach(group).model_dump())
        for (force, subject), group in sorted(grouped.items())
    ]


def _reach(contacts: Sequence[Contact]) -> Reach:
    met = sum(contact.met for contact in contacts)
    return Reach(known=len(contacts), met=met, never_met=len(contacts) - met)
