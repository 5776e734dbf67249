"""Which model of the read model is live, as the command line sees it, and what of a service's positions and parked events belongs to it."""

from readmodel.model import DATABASE, LIVE, MODELS, Standing
from roundtable.provisioning.desk import Document, Provisioning


def standing(desk: Provisioning) -> Standing | None:
    """What stands in the read model now; None where none was ever started."""
    stages = [{"$match": {"_id": LIVE}}, {"$set": {"now": "$$NOW"}}]
    found = list(desk.database(DATABASE)[MODELS].aggregate(stages))
    return Standing.of(found[0], found[0]["now"]) if found else None


def of_live(desk: Provisioning, service: str) -> Document:
    """Which positions and parked events of a service count now: of the read model, those of the live one."""
    now = standing(desk) if service == DATABASE else None
    return {"build": now.live.later_build if now else None}
