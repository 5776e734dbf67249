"""Where events travel: one Kafka topic for each force, so that Kafka's own ACLs keep forces apart."""

from typing import Final

TOPIC_PREFIX: Final = "engagement."
PARTITIONS: Final = 3
"""Partitions of a force's topic. The number never changes: a key would move to another partition."""


def topic(force: str) -> str:
    """The topic that carries every event of one force."""
    return TOPIC_PREFIX + force


def force_of(topic_name: str) -> str:
    """The force whose events a topic carries."""
    return topic_name.removeprefix(TOPIC_PREFIX)
