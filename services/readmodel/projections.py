"""Pure projections: from a document and an event to the document that follows, and from a document to what it adds to the figures."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from contracts.action import Action
from contracts.codec import Message
from contracts.concern import Concern
from contracts.dates import span, today
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation
from contracts.state import ERASED_FIELDS, State
from contracts.vocabulary import ActionStatus, MeetingStatus, OrganisationStatus, Resolution

PROJECTION: Final = 1
"""Version of everything in this file. A change of what is stored or counted is a new version, and a rebuild beside the old."""
MODELS: Final[tuple[type[State], ...]] = (Organisation, Neighbourhood, Meeting, Feedback, Concern, Action)

Document = dict[str, Any]
Stored = Mapping[str, Any]
Figure = tuple[str, ...]
"""Name of an additive figure: `("concerns", "by_category", "hate-crime")`."""
Bucket = str | None
"""The date that figures are added under, as it is known: a day, a month, or None."""


def fold(document: Document | None, message: Message) -> Document:
    """The newest of the two: a late or repeated event leaves a document as it is, and an erased one is a stub."""
    if document is not None and document["version"] >= message.version:
        return document
    data = message.data
    kept = {name: value for name, value in data.items() if name in ERASED_FIELDS} if data.get("erased_at") else data
    return {"_id": f"{message.force}:{message.subject}", **kept}


def contribution(model: type[State], document: Stored | None) -> Counter[Figure]:
    """What one record adds to its force's figures; of nothing, and of an erased one, nothing."""
    if document is None or document.get("erased_at"):
        return Counter()
    if document.get("sensitive"):
        return Counter({(model.collection, "sensitive"): 1})
    return Counter({figure: number for figure, number in _COUNTED[model](document) if number})


def bucket(model: type[State], document: Stored | None) -> Bucket:
    """The date, as far as it is known, that a record's figures stand under. What is not known is not made up."""
    if document is None:
        return None
    known = _KNOWN[model](document)
    try:
        span(known)
    except ValueError:
        return None
    return known


def movement(model: type[State], old: Stored | None, new: Stored | None) -> dict[Bucket, Counter[Figure]]:
    """How the figures move when a record changes: out of the bucket where it stood, into the one where it stands."""
    if old is None:
        return {bucket(model, new): contribution(model, new)}
    before, after = bucket(model, old), bucket(model, new)
    moved: dict[Bucket, Counter[Figure]] = {before: Counter(), after: Counter()}
    moved[after].update(contribution(model, new))
    moved[before].subtract(contribution(model, old))
    return moved


Counted = Iterable[tuple[Figure, int]]


def _meeting(document: Stored) -> Counted:
    kind, status = _code(document, "kind"), _code(document, "status")
    yield ("meetings", "recorded"), 1
    yield ("meetings", "by_status", status), 1
    yield ("meetings", "by_kind", kind), 1
    if status == MeetingStatus.HELD:
        yield ("meetings", "held"), 1
        yield ("meetings", "held_by_kind", kind), 1
        yield from _attendance(document.get("attendance") or {})


def _attendance(attendance: Stored) -> Counted:
    named = len(attendance.get("named") or ())
    total = max(attendance.get("organisations_total") or 0, named)
    yield ("attendance", "organisations"), total
    yield ("attendance", "named"), named
    yield ("attendance", "not_named"), total - named
    yield ("attendance", "heads"), attendance.get("heads_total") or 0


def _concern(document: Stored) -> Counted:
    category, status = _code(document, "category"), _code(document, "status")
    yield ("concerns", "raised"), 1
    yield ("concerns", "closed" if status in set(Resolution) else "open"), 1
    yield ("concerns", "by_status", status), 1
    yield ("concerns", "by_category", category), 1
    yield ("concerns", "status_by_category", category, status), 1
    yield ("concerns", "by_strand", _code(document, "strand")), 1
    yield ("concerns", "by_priority", _code(document, "priority")), 1
    yield ("concerns", "published"), int(document.get("publication") is not None)
    yield from _first_response(document.get("responded_at"), document.get("response_due"))


def _first_response(responded: str | None, due: str | None) -> Counted:
    if responded is not None:
        yield ("concerns", "responded"), 1
        # Instants are written so that they sort as text.
        yield ("concerns", "responded_in_time"), int(due is not None and responded <= due)
        yield ("concerns", "responded_late"), int(due is not None and responded > due)


def _action(document: Stored) -> Counted:
    yield ("actions", "opened"), 1
    yield ("actions", "closed" if document.get("status") == ActionStatus.CLOSED else "open"), 1
    yield ("actions", "standing"), int(bool(document.get("standing")))
    yield ("actions", "published"), int(document.get("publication") is not None)
    if document.get("outcome"):
        yield ("actions", "by_outcome", _code(document, "outcome")), 1


def _feedback(document: Stored) -> Counted:
    before, after = document.get("confidence_before"), document.get("confidence_after")
    yield ("feedback", "received"), 1
    for name, score in (("before", before), ("after", after)):
        if score is not None:
            yield ("feedback", f"{name}_sum"), score
            yield ("feedback", f"{name}_count"), 1
    if before is not None and after is not None:
        yield ("feedback", "change_sum"), after - before
        yield ("feedback", "change_count"), 1


def _organisation(document: Stored) -> Counted:
    if document.get("status") == OrganisationStatus.MERGED:
        yield ("organisations", "merged"), 1
        return
    yield ("organisations", "registered"), 1
    yield ("organisations", "by_strand", _code(document, "strand")), 1


def _neighbourhood(_: Stored) -> Counted:
    yield ("neighbourhoods", "registered"), 1


_COUNTED: Final[Mapping[type[State], Callable[[Stored], Counted]]] = {
    Meeting: _meeting,
    Concern: _concern,
    Action: _action,
    Feedback: _feedback,
    Organisation: _organisation,
    Neighbourhood: _neighbourhood,
}


def _code(document: Stored, name: str) -> str:
    """A code as it is, known or not; a record without one counts as unknown."""
    return str(document.get(name) or "unknown")


def _day(instant: str | None) -> Bucket:
    return None if instant is None else today(datetime.fromisoformat(instant))


def _recorded(name: str) -> Callable[[Stored], Bucket]:
    """The day of an instant that the service noted, unless the record was entered late: then it says nothing of when."""

    def day(document: Stored) -> Bucket:
        return None if document.get("recorded_late") else _day(document.get(name))

    return day


def _of_meeting(document: Stored) -> Bucket:
    held = document.get("status") == MeetingStatus.HELD
    return document.get("held_on") if held else _day(document.get("starts_at"))


def _of_concern(document: Stored) -> Bucket:
    return document.get("raised_on") or _recorded("raised_at")(document)


_KNOWN: Final[Mapping[type[State], Callable[[Stored], Bucket]]] = {
    Meeting: _of_meeting,
    Concern: _of_concern,
    Action: _recorded("opened_at"),
    Feedback: _recorded("received_at"),
    Organisation: _recorded("registered_at"),
    Neighbourhood: _recorded("registered_at"),
}
