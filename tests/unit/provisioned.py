"""What has been provisioned on the engines, for the tests of who may do what there."""

import dataclasses

from confluent_kafka import KafkaError, Producer

from roundtable.native import Engines
from roundtable.provisioning import Provisioning
from tests.conftest import Place


def desk_at(place: Place) -> Provisioning:
    """The fixture `desk`: `desk = pytest.fixture(desk_at)`."""
    return dataclasses.replace(place.engines.provisioning, database_prefix=place.prefix)


def produced(engines: Engines, user: str, force: str) -> KafkaError | None:
    """Writes one record as this user; the broker's refusal, or None."""
    answers: list[KafkaError | None] = []
    producer = Producer({**engines.kafka_client(user), "message.timeout.ms": 10_000, "log_level": 0})
    producer.produce(f"engagement.{force}", b"{}", on_delivery=lambda error, _: answers.append(error))
    producer.flush(15)
    return answers[0]
