"""A force's topic: how it keeps what is written to it, and whether it still does."""

from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource, NewTopic, ResourceType

from contracts.topics import topic
from roundtable.errors import OperatorError
from roundtable.provisioning.desk import ANSWER_SECONDS, Provisioning, settle, until

_COPIES: Final = 3
# What services may send in one record; it is chassis.kafka.LARGEST_RECORD with room for headers.
_LARGEST_RECORD: Final = 4 * 1024 * 1024 + 64 * 1024


def settings(copies: int) -> dict[str, str]:
    """How a topic with so many copies keeps its records: all of them, for ever, and none that a broker alone has."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "min.insync.replicas": str(max(1, copies - 1)),
        "max.message.bytes": str(_LARGEST_RECORD),
    }


def make_topic(desk: Provisioning, slug: str, partitions: int) -> None:
    """Make a force's topic, with as many copies as there are brokers to hold them; one that is there stays as it is."""
    brokers = len(desk.kafka.list_topics(timeout=10).brokers)
    if brokers < desk.brokers:
        message = f"{brokers} of {desk.brokers} Kafka brokers answer: a new topic needs all of them"
        raise OperatorError(message)
    copies = min(_COPIES, brokers)
    settle(desk.kafka.create_topics([NewTopic(topic(slug), partitions, copies, config=settings(copies))]))
    until(lambda: topic(slug) in desk.kafka.list_topics(timeout=10).topics, "Kafka serves the new topic")


def drift(kafka: AdminClient, copies: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """The settings of topics, of which is told how many copies they have, that are not as they shall be: what they are."""
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in copies]
    answers = kafka.describe_configs(asked) if asked else {}
    found = {str(resource.name): answer.result(ANSWER_SECONDS) for resource, answer in answers.items()}
    return {name: _drift(found[name], settings(of)) for name, of in copies.items()}


def set_back(kafka: AdminClient, name: str, setting: str, value: str) -> None:
    """Give one setting of a topic this value, and wait until Kafka tells it."""
    change = ConfigEntry(setting, value, ConfigSource.DYNAMIC_TOPIC_CONFIG, incremental_operation=AlterConfigOpType.SET)
    settle(kafka.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change])]))
    asked = ConfigResource(ResourceType.TOPIC, name)
    until(lambda: kafka.describe_configs([asked])[asked].result(ANSWER_SECONDS)[setting].value == value, "Kafka keeps the topic so")


def partitions_and_copies(kafka: AdminClient, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """How many partitions each of these topics has that is there, and how many copies of each."""
    listed = kafka.list_topics(timeout=10).topics
    return {name: (len(listed[name].partitions), _fewest_copies(listed[name].partitions.values())) for name in names if name in listed}


def _fewest_copies(partitions: Iterable[object]) -> int:
    return min(len(getattr(each, "replicas", ())) for each in partitions)


def _drift(found: Mapping[str, ConfigEntry], wanted: Mapping[str, str]) -> dict[str, str]:
    return {name: str(found[name].value) for name, value in wanted.items() if found[name].value != value}
