"""What may be tried on a force's topic and its groups: to see it, to read it, to write to it."""

from contextlib import closing
from typing import Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicCollection

from tests.services.intruders import SECONDS, Attacks, Identity, Target, heard, kept_in, written

ON_THE_LOG: Final[Attacks] = {}
attack = kept_in(ON_THE_LOG)


@attack
def asks_for_its_topic_by_name(by: Identity, on: Target) -> None:
    error = by.admin().list_topics(on.topic, timeout=SECONDS).topics[on.topic].error
    if error is not None:
        raise KafkaException(error)


@attack
def describes_its_topic(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.describe_topics(TopicCollection([on.topic])))


@attack
def subscribes_to_its_topic(by: Identity, on: Target) -> None:
    with closing(by.consumer()) as consumer:
        consumer.subscribe([on.topic])
        heard(consumer)


@attack
def describes_its_group(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.describe_consumer_groups([on.group]))


@attack
def asks_how_far_its_group_has_read(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.list_consumer_group_offsets([ConsumerGroupTopicPartitions(on.group)]))


@attack
def joins_its_group(by: Identity, on: Target) -> None:
    with closing(by.consumer(on.group)) as consumer:
        consumer.subscribe([by.readable])
        heard(consumer)


@attack
def sets_its_group_back(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(on.group, [on.start])]))


@attack
def removes_its_group(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.delete_consumer_groups([on.group]))


@attack
def begins_a_transaction(by: Identity, on: Target) -> None:
    by.producer(transactional_id=on.user).init_transactions(SECONDS)


@attack
def writes_to_its_topic(by: Identity, on: Target) -> None:
    written(by.producer(enable_idempotence=False), on.topic)


@attack
def writes_to_its_topic_idempotently(by: Identity, on: Target) -> None:
    written(by.producer(enable_idempotence=True), on.topic)
