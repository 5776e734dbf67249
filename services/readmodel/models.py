"""The document that says which model is live. Each change of it is one update that looks at what it changes: there is no half of one."""

from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import Any, Final

from chassis.mongo import Document, Mongo
from chassis.parked import COLLECTION as PARKED
from chassis.positions import COLLECTION as POSITIONS
from chassis.registry import DATABASE as REGISTRY
from readmodel.model import DATABASE, LIVE, MODELS, WISHES, Model, Outcome, Phase, Standing, belongs_to_a_model

GRACE_SECONDS: Final = 60.0
"""How long a model is kept after another took its place: no request takes longer."""
_NOW: Final = "$$NOW"
"""The database's clock."""


@dataclass(frozen=True)
class Wish:
    """What an operator asked for: a build by the release that has this projection, or the end of the one under way."""

    id: str
    projection: int
    accepts: bool
    cancels: bool


class Models:
    """What stands, and the few ways in which that changes."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._documents = mongo.collection(DATABASE, MODELS)

    async def setup(self, projection: int) -> None:
        """Say which model is live, where nobody ever did: the first build of this projection."""
        first = {"projection": projection, "build": 1, "builds": 1}
        await self._documents.update_one({"_id": LIVE}, {"$setOnInsert": first}, upsert=True)
        await self._documents.update_one({"_id": LIVE, "build": None}, {"$set": {"build": 1, "builds": 1}})

    async def standing(self) -> Standing | None:
        """What stands now, by the database's clock; None before the first `setup`."""
        found = await self._documents.aggregate([{"$match": {"_id": LIVE}}, {"$set": {"now": _NOW}}])
        return Standing.of(found[0], found[0]["now"]) if found else None

    async def wish(self) -> Wish | None:
        """The last wish of an operator, heard or not."""
        found = await self._mongo.collection(REGISTRY, WISHES).find_one({"_id": DATABASE})
        if found is None:
            return None
        return Wish(found["wish"], found["projection"], bool(found.get("accepts")), bool(found.get("cancels")))

    async def begin(self, projection: int, wish: Wish | None = None) -> bool:
        """Want a new model, unless one is wanted; whether it is wanted now, and whoever asked was heard."""
        number = {"$add": ["$builds", 1]}
        wanted = {"projection": projection, "build": number, "accepts": bool(wish and wish.accepts), "begun_at": _NOW}
        fields: Document = {"wanted": wanted | {"wish": wish and wish.id}, "builds": number} | _heard(wish)
        return bool(await self._documents.update_one({"_id": LIVE, "wanted": None}, [{"$set": fields}]))

    async def hear(self, wish: Wish) -> None:
        """Note a wish that changes nothing: what is asked for is under way, or there is nothing to end."""
        await self._documents.update_one({"_id": LIVE}, {"$set": _heard(wish)})

    async def tell(self, model: Model, phase: Phase, done: int, every: int, rate: float) -> None:
        """Say how far a build is, for whoever watches."""
        told = {"wanted.phase": phase.value, "wanted.done": done, "wanted.every": every, "wanted.rate": rate}
        await self._documents.update_one(_wanting(model), {"$set": told})

    async def swap(self, old: Model, new: Model) -> bool:
        """Make a model that was built the live one, if it is wanted still and the old one is live; whether it was."""
        place = {"projection": new.projection, "build": new.build, "swapped_at": _NOW}
        before = {"projection": old.projection, "build": old.build, "at": _NOW}
        retired = {"$concatArrays": [{"$ifNull": ["$retired", []]}, [before]]}
        fields = place | {"retired": retired} | _ended(new, Outcome.SWAPPED, f"it took the place of {old}")
        where = {**_wanting(new), "projection": old.projection, "build": old.build}
        return bool(await self._documents.update_one(where, [{"$set": fields}]))

    async def end(self, model: Model, outcome: Outcome, why: str, wish: Wish | None = None) -> None:
        """End a build that does not become the live model; a wish that asked for that is heard with it."""
        await self._documents.update_one(_wanting(model), [{"$set": _ended(model, outcome, why) | _heard(wish)}])

    async def sweep(self) -> None:
        """Drop what belongs to no model that is live, wanted or perhaps still read: what a crash or a process that woke up left."""
        # What is there is asked before what is wanted: a model is wanted before its first collection is made.
        there, builds = await self._mongo.names(DATABASE), await self._builds()
        standing = await self.standing()
        if standing is None:
            return
        over = [each.model for each in standing.retired if each.seconds > GRACE_SECONDS]
        kept = [standing.live, *(each.model for each in standing.retired if each.model not in over)]
        kept += [standing.wanted.model] if standing.wanted else []
        for name in sorted(_surplus(there, kept)):
            await self._mongo.drop(DATABASE, name)
        gone = {"build": {"$in": list(builds - {model.later_build for model in kept})}}
        for name in (POSITIONS, PARKED):
            await self._mongo.collection(DATABASE, name).delete_many(gone)
        if over:
            named = {"build": {"$in": [model.build for model in over]}}
            await self._documents.update_one({"_id": LIVE}, {"$pull": {"retired": named}})

    async def _builds(self) -> set[int | None]:
        """The builds of which there are positions or parked events."""
        grouped = [{"$group": {"_id": {"$ifNull": ["$build", None]}}}]
        return {each["_id"] for name in (POSITIONS, PARKED) for each in await self._mongo.collection(DATABASE, name).aggregate(grouped)}


def _surplus(there: Names[str], kept: Names[Model]) -> set[str]:
    def is_kept(name: str) -> bool:
        return any(name == model.name_of(name.partition("_")[0]) for model in kept)

    return {name for name in there if belongs_to_a_model(name) and not is_kept(name)}


def _wanting(model: Model) -> dict[str, Any]:
    return {"_id": LIVE, "wanted.projection": model.projection, "wanted.build": model.build}


def _heard(wish: Wish | None) -> dict[str, Any]:
    return {"heard": wish.id} if wish else {}


def _ended(model: Model, outcome: Outcome, why: str) -> dict[str, Any]:
    ended = {"projection": model.projection, "build": model.build, "outcome": outcome.value, "why": {"$literal": why}}
    return {"ended": ended | {"wish": "$wanted.wish", "at": _NOW}, "wanted": None}
