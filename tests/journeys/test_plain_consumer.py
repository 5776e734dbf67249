"""A consumer that knows nothing of Roundtable: Kafka, CloudEvents and JSON Schema are all that it needs."""

import json
import secrets
from pathlib import Path

import jsonschema
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Consumer, KafkaError, Message

from roundtable.provisioning.consumers import client_properties, provision_consumer
from tests.journeys.conftest import Product, Reachable, created

SCHEMAS = Path(__file__).resolve().parents[2] / "services" / "contracts" / "schemas"
NAMED = {"meeting-held": "Meeting", "concern-raised": "Concern", "action-closed": "Action"}


def consumer_of(properties: str) -> Consumer:
    """A consumer from the printed properties, whose JAAS line holds user and password."""
    read = dict(line.split("=", 1) for line in properties.splitlines() if "=" in line and not line.startswith("#"))
    jaas = read.pop("sasl.jaas.config")
    user, password = (jaas.split(f'{name}="')[1].split('"')[0] for name in ("username", "password"))
    return Consumer(read | {"sasl.username": user, "sasl.password": password, "auto.offset.reset": "earliest"})


def record_everything(product: Reachable, force: str) -> None:
    path = f"/v1/forces/{force}"
    with product.client("meetings", f"{force}:recorder") as meetings, product.client("concerns", f"{force}:recorder") as concerns:
        held = {"kind": "round_table", "title": "Round table", "status": "held", "held_on": "2025-05-06"}
        meeting = created(meetings.post(f"{path}/meetings", json=held))
        created(concerns.post(f"{path}/concerns", json={"category": "drugs", "meeting_id": meeting["id"]}))
        done = {"owner_role": "Chief Constable", "commitment": "listen", "standing": True, "status": "closed", "outcome": "completed"}
        created(concerns.post(f"{path}/actions", json=done))


def polled(consumer: Consumer, count: int) -> list[Message]:
    found: list[Message] = []
    for _ in range(150):
        record = consumer.poll(0.2)
        if record is not None and record.error() is None:
            found.append(record)
        if len(found) == count:
            break
    return found


def test_a_plain_consumer_reads_the_named_events_and_no_other_force(product: Product) -> None:
    force, other = f"p-{secrets.token_hex(4)}", f"p-{secrets.token_hex(4)}"
    product.add_force(force)
    product.add_force(other)
    desk = product.engines.provisioning
    name = f"partner-{secrets.token_hex(3)}"
    password = provision_consumer(desk, name, force)
    record_everything(product, force)

    consumer = consumer_of(client_properties(product.engines.bootstrap_servers, name, password))
    consumer.subscribe([f"engagement.{force}"])
    records = polled(consumer, 3)
    consumer.subscribe([f"engagement.{other}"])
    refused = consumer.poll(10)
    consumer.close()

    assert {event_name(record) for record in records} == set(NAMED)
    for record in records:
        check(record, force)
    assert refused is not None
    error = refused.error()
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def headers_of(record: Message) -> dict[str, bytes]:
    headers: dict[str, bytes] = {}
    for name, value in dict(record.headers() or []).items():
        assert isinstance(value, bytes), name
        headers[name] = value
    return headers


def event_name(record: Message) -> str:
    return headers_of(record)["ce_type"].decode().removeprefix("engagement.").removesuffix(".v1")


def check(record: Message, force: str) -> None:
    headers, key, value = headers_of(record), record.key(), record.value()
    assert key is not None
    assert value is not None
    event = from_binary(KafkaMessage(headers=headers, key=key, value=value), JSONFormat())
    data = json.loads(value)

    assert event.get_subject() == key.decode() == data["id"]
    assert event.get_extension("forceid") == force == data["force"]
    assert headers["ce_sequence"] == b"0000000001"
    assert headers["content-type"] == b"application/json"
    schema = json.loads((SCHEMAS / f"{event_name(record)}.v1.json").read_text())
    assert schema["$id"] == event.get_dataschema()
    jsonschema.Draft202012Validator(schema).validate(data)
