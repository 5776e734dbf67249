"""Somebody with an identity of their own, and whom they try things on; an attack is kept under its name.

An attack does what it says with the identity that it is given; the broker's refusal is raised as it came.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.conn import create_conn
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

SECONDS: Final = 15.0
REFUSALS: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)


@dataclass(frozen=True)
class Identity:
    """Who attacks: the configuration of a client that is signed in, its group, and a topic that it may read, if any."""

    client: Mapping[str, Any]
    group: str
    readable: str

    def admin(self) -> AdminClient:
        """A client of Kafka's administration."""
        return AdminClient({**self.client, "log_level": 0})

    def asks(self, question: Callable[[AdminClient], Any]) -> None:
        """Ask Kafka's administration for something, and wait until it is done."""
        kafka = self.admin()
        answers = question(kafka)
        for answer in answers.values() if isinstance(answers, Mapping) else [answers]:
            answer.result(SECONDS)

    def sends(self, request: Any) -> Any:
        """What the broker answers to a request that no client would send: it has been told of no such topic."""
        return asyncio.run(self._sent(request))

    async def _sent(self, request: Any) -> Any:
        async with self.connected() as connection:
            return await connection.send(request)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        """A connection that is signed in, and what is sent on it is up to whoever holds it."""
        host, _, port = self.client["bootstrap.servers"].rpartition(":")
        signed = {f"sasl_plain_{name}": self.client[f"sasl.{name}"] for name in ("username", "password")}
        speaking = {name.replace(".", "_"): self.client[name] for name in ("security.protocol", "sasl.mechanism")}
        connection = await create_conn(host, int(port), **signed, **speaking)
        try:
            yield connection
        finally:
            connection.close()

    def consumer(self, group: str | None = None, **settings: Any) -> Consumer:
        """A consumer, in its own group unless another is named."""
        config = {"group.id": group or self.group, "auto.offset.reset": "earliest", "enable.auto.commit": False, "log_level": 0}
        return Consumer({**self.client, **config, **{name.replace("_", "."): value for name, value in settings.items()}})

    def producer(self, **settings: Any) -> Producer:
        """A producer."""
        config = {"message.timeout.ms": 10_000, "log_level": 0}
        return Producer({**self.client, **config, **{name.replace("_", "."): value for name, value in settings.items()}})


@dataclass(frozen=True)
class Target:
    """Whom it is tried on: a force's topic with a record in it, a group that reads it, and the user whose group that is."""

    topic: str
    group: str
    user: str

    @property
    def start(self) -> TopicPartition:
        """Where the first partition begins."""
        return TopicPartition(self.topic, 0, 0)


Attack = Callable[[Identity, Target], object]
Attacks = dict[str, Attack]


def kept_in(attacks: Attacks) -> Callable[[Attack], Attack]:
    """Keep an attack under its name."""

    def keep(does: Attack) -> Attack:
        attacks[does.__name__] = does
        return does

    return keep


def refusal(does: Attack, by: Identity, on: Target) -> int | None:
    """The code of the broker's refusal; None when what was tried was done."""
    try:
        does(by, on)
    except KafkaException as refused:
        code: int = refused.args[0].code()
        return code
    return None


def heard(consumer: Consumer) -> Message:
    """The next record; the broker's refusal is raised."""
    record = consumer.poll(SECONDS)
    assert record is not None, "neither a record nor a refusal"
    return told(record)


def told(record: Message) -> Message:
    """A record; what is told in the place of one is raised."""
    error = record.error()
    if error is not None:
        raise KafkaException(error)
    return record


def written(producer: Producer, topic: str) -> None:
    """Write a record; the refusal is raised, also where it is what made the producer give up for good."""
    answers: list[KafkaError | None] = []
    producer.produce(topic, b"{}", on_delivery=lambda error, _: answers.append(error))
    try:
        producer.flush(SECONDS)
    except SystemError as failure:
        # What made the producer give up for good was raised in the middle of telling of the record.
        raise failure.__cause__ or failure from None
    assert answers, "neither written nor refused"
    if answers[0] is not None:
        raise KafkaException(answers[0])
