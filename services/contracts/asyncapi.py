"""The AsyncAPI document: which events travel on which topic, with their headers, schemas and examples."""

import sys
from typing import Any, Final

from contracts.event import EVENTS, Event
from contracts.examples import examples
from contracts.forces import FORCES
from contracts.generated import HERE, run
from contracts.operations import By, row_of
from contracts.schemas import DIALECT, file_of
from contracts.topics import PARTITIONS, TOPIC_PREFIX

Document = dict[str, Any]
FILE: Final = "asyncapi.json"
FORMAT: Final = "application/schema+json;version=draft-2020-12"
TEXT: Final[Document] = {"type": "string"}

HEADERS: Final[Document] = {
    "$schema": DIALECT,
    "type": "object",
    "properties": {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": TEXT | {"description": "UUIDv7; with the source it is unique for ever"},
        "ce_type": TEXT | {"description": "`engagement.meeting-held.v1`"},
        "ce_source": TEXT | {"description": "`/forces/{force}/{service}`"},
        "ce_subject": TEXT | {"description": "The aggregate's id, which is the key of the record too"},
        "ce_time": TEXT | {"format": "date-time"},
        "ce_dataschema": TEXT | {"description": "`$id` of the schema"},
        "ce_partitionkey": TEXT | {"description": "The aggregate's id"},
        "ce_forceid": TEXT | {"description": "Slug of the force"},
        "ce_sequence": TEXT | {"pattern": "^[0-9]{10}$", "description": "The aggregate's version, padded so that it sorts as text"},
        "ce_traceparent": TEXT | {"description": "W3C trace context of the request that caused it"},
    },
}
_BY: Final = {By.REQUEST: "a request", By.CLOCK: "a clock", By.OPERATOR: "an operator"}


def asyncapi() -> Document:
    """The whole document (AsyncAPI 3.0.0)."""
    shown = examples()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Roundtable events",
            "version": "v1",
            "description": "Every event carries the whole state of its aggregate and its version; the newest version wins. "
            "CloudEvents 1.0 in Kafka's binary mode. Consumers ignore fields and codes that they do not know.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {"engagement": _channel()},
        "operations": {service: _operation(service) for service in sorted({row_of(name).service for name in EVENTS})},
        "components": {
            "messages": {event.__name__: _message(event, shown) for event in EVENTS.values()},
            "messageTraits": {"cloudEvent": {"headers": {"schemaFormat": FORMAT, "schema": HEADERS}, "bindings": _key()}},
        },
    }


def _channel() -> Document:
    return {
        "address": TOPIC_PREFIX + "{force}",
        "description": "One topic for each force. A reader is granted the topics of its forces, and no others.",
        "parameters": {"force": {"enum": sorted(FORCES), "description": "The force's slug, as police.uk writes it"}},
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in EVENTS.values()},
        "bindings": {
            "kafka": {
                "partitions": PARTITIONS,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1},
                "bindingVersion": "0.5.0",
            },
        },
    }


def _operation(service: str) -> Document:
    sent = [event.__name__ for event in EVENTS.values() if event.model.service == service]
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/engagement"},
        "summary": f"What the service `{service}` publishes",
        "messages": [{"$ref": f"#/channels/engagement/messages/{name}"} for name in sent],
    }


def _message(event: type[Event[Any]], shown: Document) -> Document:
    row, file = row_of(event.type), file_of(event.type)
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": event.__doc__,
        "description": f"Operation `{row.name}` of `{row.service}`, by {_BY[row.by]}.",
        "tags": [{"name": event.model.collection}],
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"schemaFormat": FORMAT, "schema": {"$ref": f"./schemas/{file}"}},
        "examples": [{"name": file.removesuffix(".json"), "payload": shown[file]["data"]}],
    }


def _key() -> Document:
    return {"kafka": {"key": TEXT | {"description": "The aggregate's id"}, "bindingVersion": "0.5.0"}}


if __name__ == "__main__":
    sys.exit(run(HERE, {FILE: asyncapi()}))
