"""Events as they stand in a log, for the tests of the verification."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chassis.batch import Received
from chassis.recording import stamp
from contracts import events as e
from contracts.codec import Message
from contracts.event import Event
from contracts.sealing import DataKey, seal
from contracts.topics import topic
from roundtable.verification.folding import Fold
from roundtable.verification.report import Difference
from tests import builders

FORCE = "kent"
KEY = DataKey("k", bytes(32))
NOW = builders.NOW


def sent(event: Event[Any], at: datetime = NOW) -> Message:
    """An event as its service would send it."""
    state = stamp(event, at)
    assert state.last_event is not None
    return Message(state.last_event.id, event.type, state.service, at, seal(state, KEY))


def in_log(*messages: Message, partition: int = 0) -> list[Received]:
    return [Received(message, topic(FORCE), partition, offset) for offset, message in enumerate(messages)]


def life(**changes: Any) -> list[Message]:
    """A concern in three versions."""
    concern = builders.concern(FORCE)
    second = concern.next(priority="high")
    return [
        sent(e.ConcernRaised(concern)),
        sent(e.ConcernAmended(second)),
        sent(e.ConcernProgressed(second.next(status="in_progress", **changes))),
    ]


def folded(events: Iterable[Received]) -> Fold:
    fold = Fold()
    for event in events:
        fold.add(event)
    return fold


def words(differences: Iterable[Difference]) -> list[str]:
    return [difference.what for difference in differences]
