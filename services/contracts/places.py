"""Organisations and neighbourhoods: whom a force meets, and where."""

from typing import Annotated, ClassVar

from contracts.demands import AtMost, Matching, OneOf
from contracts.fields import Clear, Frame, Id, Instant, Latitude, Line, Longitude, PlaceLine, Words, needed
from contracts.state import Facts, State
from contracts.texts import Screened, Text
from contracts.vocabulary import OrganisationKind, OrganisationStatus, Strand


class OrganisationFacts(Facts):
    """A community or partner body: a mosque, a church, a school, a residents' group. Never a person."""

    name: Clear[Line | None] = needed("Name of the body, as it calls itself")
    kind: Clear[Annotated[str, OneOf(OrganisationKind)] | None] = None
    strand: Clear[Annotated[str, OneOf(Strand)] | None] = None
    neighbourhood_id: Clear[Id | None] = None
    address: Clear[PlaceLine | None] = None
    locality: Clear[Line | None] = None
    visiting_guidance: Clear[Annotated[tuple[Words, ...], AtMost(50)]] = ()
    """How to visit: shoes, prayer times, how to enter in an incident."""


class Merging(Facts):
    """Which organisation another one turned out to be."""

    merged_into: Clear[Id | None] = needed("Organisation that stays")


class Organisation(State, OrganisationFacts, Merging):
    """An organisation that a force knows."""

    collection: ClassVar = "organisations"
    service: ClassVar = "meetings"
    always: ClassVar = frozenset({"name", "registered_at", "last_event"})

    status: Frame[str] = OrganisationStatus.ACTIVE
    registered_at: Frame[Instant | None] = None
    merged_at: Frame[Instant | None] = None
    contact_lapsed_at: Frame[Instant | None] = None
    """When a clock found that nobody had met the organisation for a year."""


class Point(Facts):
    """A place on the map, as police.uk writes it: decimal degrees as strings."""

    latitude: Latitude
    longitude: Longitude


class Location(Facts):
    """A police location of a neighbourhood."""

    name: PlaceLine | None = None
    type: Line | None = None
    description: Words | None = None
    address: PlaceLine | None = None
    postcode: Line | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


Url = Annotated[str, Matching(r"https?://[^\s<>\"]{1,500}", "a web address that begins with http:// or https://"), Screened()]


class Link(Facts):
    """A web page about a neighbourhood."""

    title: Line
    url: Url
    description: Words | None = None


class NeighbourhoodFacts(Facts):
    """A policing area of a force, in the shape of police.uk."""

    code: Clear[Annotated[str, Text(60)] | None] = None
    """The police.uk id: unique within the force only, may contain spaces."""
    name: Clear[Line | None] = needed("Name of the area")
    description: Clear[Words | None] = None
    url_force: Clear[Url | None] = None
    population: Clear[Annotated[str, Matching(r"[0-9]{1,9}", "a number as a string")] | None] = None
    centre: Clear[Point | None] = None
    boundary: Clear[Annotated[tuple[Point, ...], AtMost(5_000)] | None] = None
    links: Clear[Annotated[tuple[Link, ...], AtMost(50)]] = ()
    locations: Clear[Annotated[tuple[Location, ...], AtMost(50)]] = ()


class Neighbourhood(State, NeighbourhoodFacts):
    """A neighbourhood of a force."""

    collection: ClassVar = "neighbourhoods"
    service: ClassVar = "meetings"
    always: ClassVar = frozenset({"name", "registered_at", "last_event"})

    registered_at: Frame[Instant | None] = None
