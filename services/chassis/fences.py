"""Fences: how decisions are kept apart that rest on one record together with others."""

from dataclasses import dataclass
from typing import Any, Final

from chassis.mongo import UpdateOne

COLLECTION: Final = "fences"


@dataclass(frozen=True)
class Fence:
    """Keeps decisions apart that rest on one record together with others, and that its version alone does not keep apart.

    Those that share it (opening actions that answer a concern) may commit side by side; one that does not (changing the
    concern's sensitivity, and so that of its actions) excludes them all.
    """

    key: str
    shared: bool
    generation: int
    uses: int

    def passing(self) -> UpdateOne:
        """Moves the fence where it still stands so; where it is new, an upsert makes it or finds it taken."""
        standing: dict[str, Any] = {"_id": self.key, "generation": self.generation}
        new = self.generation == self.uses == 0
        if self.shared:
            return UpdateOne(standing, {"$inc": {"uses": 1}}, upsert=new)
        return UpdateOne(standing | {"uses": self.uses}, {"$inc": {"generation": 1}}, upsert=new)
