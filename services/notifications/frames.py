"""Events as a live stream shows them: what is clear of them, and no more than their records' sensitivity allows now."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from chassis.batch import Received
from chassis.recording import stored_id
from contracts.codec import Message, UndecodableError, decode
from contracts.sealing import Wire, redact
from contracts.state import ERASED_FIELDS, State
from contracts.topics import force_of
from notifications.domain import Hidden, clear, hide
from notifications.store import Subjects


@dataclass(frozen=True)
class Frame:
    """An event and its place in the log, ready to be sent to everyone with a grant for its force."""

    place: TopicPartition
    offset: int
    force: str
    type: str
    data: str


def received(place: TopicPartition, records: Sequence[Any]) -> list[Received]:
    """The events of some records. What is not an event of ours is left out: the consumer has parked it."""
    found = []
    for record in records:
        try:
            message = decode(record.value, record.key, record.headers)
        except UndecodableError:
            continue
        if message.force == force_of(place.topic):
            found.append(Received(message, place.topic, place.partition, record.offset))
    return found


async def frames(subjects: Subjects, events: Sequence[Received]) -> list[Frame]:
    """Show events by what is known of their records now, later ones among them included.

    Raises:
        Unavailable: what is sensitive now cannot be known.
    """
    hidden: dict[str, Hidden | None] = dict(await subjects.hidden({_key(event.message) for event in events}))
    for event in events:
        hidden[_key(event.message)] = hide(hidden.get(_key(event.message)), event.message)
    return [_frame(event, hidden[_key(event.message)]) for event in events]


def shown(message: Message, hidden: Hidden | None) -> Wire:
    """What of an event's data may be shown of a record that is hidden, or is not."""
    if hidden is None:
        return clear(message)
    if hidden.erased:
        return {name: value for name, value in message.data.items() if name in ERASED_FIELDS}
    return redact(message.model or State, message.data, sensitive=True)


def _frame(event: Received, hidden: Hidden | None) -> Frame:
    message = event.message
    data = json.dumps(message.structured(shown(message, hidden)), ensure_ascii=False, separators=(",", ":"))
    return Frame(TopicPartition(event.topic, event.partition), event.offset, message.force, message.type, data)


def _key(message: Message) -> str:
    return stored_id(message.force, message.subject)
