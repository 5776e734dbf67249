"""CloudEvents 1.0 over Kafka in binary mode: attributes are `ce_*` headers, the wire form is the JSON value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from contracts.dates import instant
from contracts.event import EVENTS, Model, dataschema
from contracts.sealing import Wire

_JSON: Final = JSONFormat()
SEQUENCE_DIGITS: Final = 10
HEADERS: Final = frozenset(f"ce_{name}" for name in ("specversion", "id", "type", "source", "subject", "time", "forceid", "sequence"))
"""Headers without which a record is no event of ours."""


class UndecodableError(Exception):
    """A Kafka record is not an event of ours; the message says in which way."""


@dataclass(frozen=True)
class Message:
    """An event as it is stored and sent: attributes and wire form."""

    id: str
    type: str
    service: str
    time: datetime
    data: Wire
    traceparent: str | None = None

    @property
    def force(self) -> str:
        """The force that recorded it."""
        return str(self.data["force"])

    @property
    def subject(self) -> str:
        """The aggregate's id, and so the key of the Kafka record."""
        return str(self.data["id"])

    @property
    def version(self) -> int:
        """The aggregate's version."""
        return int(self.data["version"])

    @property
    def sensitive(self) -> bool:
        """Whether the record was sensitive at this version."""
        return bool(self.data.get("sensitive", False))

    @property
    def model(self) -> Model | None:
        """The model of the state, or None for a type that this version does not know."""
        known = EVENTS.get(self.type)
        return known.model if known is not None else None

    def attributes(self) -> dict[str, Any]:
        """CloudEvents attributes; `sequence` is padded so that it sorts as text."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": source(self.force, self.service),
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": "application/json",
            "dataschema": dataschema(self.type),
            "partitionkey": self.subject,
            "forceid": self.force,
            "sequence": f"{self.version:0{SEQUENCE_DIGITS}d}",
        } | ({"traceparent": self.traceparent} if self.traceparent else {})

    def structured(self, data: Wire | None = None) -> dict[str, Any]:
        """What subscribers get: CloudEvents structured JSON, without the sealed block."""
        shown = self.data if data is None else data
        clear = {name: value for name, value in shown.items() if name not in {"sealed", "_id"}}
        return self.attributes() | {"time": instant(self.time), "data": clear}


def source(force: str, service: str) -> str:
    """The CloudEvents source of every aggregate of one service in one force."""
    return f"/forces/{force}/{service}"


def encode(message: Message) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of the Kafka record."""
    record = to_binary(CloudEvent(message.attributes(), message.data), _JSON)
    # The SDK writes microseconds; one instant has one text everywhere.
    headers = record.headers | {"ce_time": instant(message.time).encode()}
    return message.subject.encode(), record.value, list(headers.items())


def decode(value: bytes | None, key: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Message:
    """Read a Kafka record.

    Raises:
        UndecodableError: an attribute is missing or wrong, or attributes and data contradict each other.
    """
    if value is None:
        message = "the record has no value"
        raise UndecodableError(message)
    given = dict(headers)
    # The SDK would make up an id and a time of its own, and a record read twice would be two events.
    if missing := HEADERS - given.keys():
        message = f"the record lacks the headers {', '.join(sorted(missing))}"
        raise UndecodableError(message)
    try:
        parsed = from_binary(KafkaMessage(headers=given, key=key, value=value), _JSON)
        return _message(parsed.get_attributes(), parsed.get_data())
    except UndecodableError:
        raise
    # The SDK has a family of errors of its own beside those of JSON, dates and text.
    except Exception as error:
        message = f"the record is not a CloudEvent of ours: {type(error).__name__}"
        raise UndecodableError(message) from error


def _message(attributes: Mapping[str, Any], data: object) -> Message:
    if not isinstance(data, dict):
        no_object = "the data is not a JSON object"
        raise UndecodableError(no_object)
    _, _, force, service = str(attributes["source"]).split("/")
    message = Message(str(attributes["id"]), str(attributes["type"]), service, attributes["time"], data, attributes.get("traceparent"))
    agrees = (message.force, message.subject, message.version) == (force, attributes["subject"], int(attributes["sequence"]))
    if not agrees or attributes["forceid"] != force:
        contradiction = "attributes and data name different records"
        raise UndecodableError(contradiction)
    return message
