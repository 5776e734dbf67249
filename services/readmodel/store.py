"""The collections of the read model: where they are, their indexes, and the few ways in which they are read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from chassis.keys import KeyStore
from chassis.mongo import Collection, Document, Mongo, Sort
from chassis.parked import ParkedEvents
from chassis.positions import Positions
from chassis.recording import stored_id
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import State
from readmodel.model import DATABASE, Model
from readmodel.projections import PROJECTION

HISTORY: Final = "history"
FIGURES: Final = "figures"
Keys = Sequence[tuple[str, int | str]]
Index = tuple[Keys, Mapping[str, Any]]


class Store:
    """One model: the live one, or one that is built beside it; with where it stands in the log, and what it holds parked."""

    def __init__(self, mongo: Mongo, keys: KeyStore, model: Model = Model(PROJECTION)) -> None:  # noqa: B008 - it never changes
        self.keys = keys
        self.model = model
        self.positions = Positions(mongo, DATABASE, model.projection, model.later_build)
        self.parked = ParkedEvents.beside(self.positions)
        self._mongo = mongo
        self._collections = {name: mongo.collection(DATABASE, self.name_of(name)) for name in INDEXES}
        self._indexed: dict[str, frozenset[str]] = {}

    def of(self, model: type[State]) -> Collection:
        """The records of one kind: each is its wire form, with `{force}:{id}` as `_id`."""
        return self._collections[model.collection]

    @property
    def history(self) -> Collection:
        """One line for each event: what happened to which record, and where the event stands in the log."""
        return self._collections[HISTORY]

    @property
    def figures(self) -> Collection:
        """Additive figures, in buckets by force, partition and date as it is known."""
        return self._collections[FIGURES]

    async def linked(self, model: type[State], force: str, where: Mapping[str, Any], *, sort: Sort | None = None) -> list[Document]:
        """Records of one force that match."""
        return await self.of(model).find({"force": force, **where}, sort=sort)

    async def by_ids(self, model: type[State], force: str, subjects: Iterable[str]) -> list[Document]:
        """Records of one force by id; those that are absent are left out."""
        wanted = [stored_id(force, subject) for subject in subjects]
        return await self.of(model).find({"_id": {"$in": wanted}}) if wanted else []

    def named(self, collection: str) -> Collection:
        """A collection by its name in any model."""
        return self._collections[collection]

    async def create(self) -> None:
        """Make sure of every collection: a transaction had better not be the first to write to it."""
        for name in map(self.name_of, INDEXES):
            await self._mongo.ensure_collection(DATABASE, name)

    async def index(self) -> None:
        """Make sure of every index."""
        for collection, indexes in INDEXES.items():
            for name, (keys, options) in indexes.items():
                await self._collections[collection].create_index(keys, name=name, **options)
        await self.look_for_indexes()

    async def look_for_indexes(self) -> None:
        """Learn which indexes are there: another release may have made this model."""
        self._indexed = {name: await collection.indexes() for name, collection in self._collections.items()}

    def hint(self, model: type[State], index: str) -> str | None:
        """Names an index to MongoDB, which refuses a query by one that it does not have; None unless it was seen to be there."""
        return index if index in self._indexed.get(model.collection, ()) else None

    def name_of(self, collection: str) -> str:
        """The name of a collection in this model."""
        return self.model.name_of(collection)


def _newest(key: str, *, within: str | None = None, also: Sequence[str] = (), **options: Any) -> Index:  # noqa: ANN401 - of an index
    """By force, then newest first. Coarse filters stand at the end: they are judged on the index, without its documents."""
    leading = [name for name in ("force", within) if name is not None]
    return [*((name, 1) for name in leading), (key, -1), ("_id", -1), *((name, 1) for name in also)], options


def _without(field: str) -> dict[str, Any]:
    return {"partialFilterExpression": {field: None}}


def _present(field: str) -> dict[str, Any]:
    """Leave out of an index what lacks a field; the comparison is one that the query planner recognises."""
    return {"partialFilterExpression": {field: {"$gt": ""}}}


def _links(*fields: str) -> Index:
    return [("force", 1), *((field, 1) for field in fields)], _present(fields[0])


def _due(field: str, **still: Any) -> Index:  # noqa: ANN401 - values of fields
    return [("force", 1), (field, 1)], {"partialFilterExpression": {**still, field: {"$gt": ""}}}


def _words(*fields: str) -> Index:
    """Search over clear fields, named one by one: a field that is added is not searched by accident."""
    # MongoDB would take a field called `language` for an instruction; a newer writer may well have one.
    return [("force", 1), *((field, "text") for field in fields)], {"default_language": "english", "language_override": "-"}


_OF_MEETING: Final = ("status", "kind", "neighbourhood_id", "series", "visibility", "sensitive")
_OF_CONCERN: Final = ("status", "category", "neighbourhood_id", "strand", "priority", "sensitive")
INDEXES: Final[Mapping[str, Mapping[str, Index]]] = {
    Meeting.collection: {
        "held": _newest("held_from", also=("held_to", *_OF_MEETING)),
        "planned": _newest("starts_at", also=_OF_MEETING, **_without("held_from")),
        # The id first: what looks an organisation's meetings up, does so from the organisation.
        "named": ([("attendance.named.organisation_id", 1), ("force", 1), ("status", 1), ("held_to", -1)], {}),
        "words": _words(
            *("title", "purpose", "series", "topics", "activities", "briefings", "hosts"),
            *("venue.name", "venue.address", "venue.locality"),
        ),
    },
    Concern.collection: {
        "raised": _newest("raised_from", also=("raised_to", *_OF_CONCERN)),
        "recorded": _newest("raised_at", within="recorded_late", also=_OF_CONCERN, **_without("raised_from")),
        "by_organisation": _links("organisation_id"),
        "by_meeting": _links("meeting_id"),
        "open": ([("force", 1), ("sensitive", 1)], _without("closed_at")),
        "awaiting": _due("response_due", responded_at=None),
        "published": _newest("publication.published_at", **_present("publication.published_at")),
        "words": _words("category", "locality", "referred_to", "publication.you_said"),
    },
    Action.collection: {
        "opened": _newest(
            "opened_at",
            within="recorded_late",
            also=("status", "outcome", "owner_role", "organisation_id", "neighbourhood_id", "standing", "sensitive"),
        ),
        # The id first: what looks a concern's actions up, does so from the concern.
        "answers": ([("answers", 1), ("force", 1)], {}),
        "by_meeting": _links("meeting_id"),
        "due": _due("due_on", status="open"),
        "published": _newest("publication.published_at", **_present("publication.published_at")),
        "words": _words("owner_role", "publication.we_promised", "publication.we_did"),
    },
    Organisation.collection: {
        "registered": _newest("registered_at", also=("status", "kind", "strand", "neighbourhood_id")),
        "merged": _links("merged_into"),
        "words": _words("name", "visiting_guidance", "address", "locality"),
    },
    Neighbourhood.collection: {"registered": _newest("registered_at"), "words": _words("name", "description", "code")},
    Feedback.collection: {
        "received": _newest("received_at", within="recorded_late", also=("organisation_id", "sensitive")),
        "by_meeting": _links("meeting_id"),
    },
    HISTORY: {
        "of_record": ([("force", 1), ("subject", 1), ("version", 1)], {}),
        "in_log": ([("force", 1), ("partition", 1), ("offset", 1), ("type", 1)], {}),
    },
    FIGURES: {"by_date": ([("force", 1), ("first", 1), ("last", 1)], {})},
}
"""Every index, by collection and name: the force first, so that no query looks at another's records."""
