"""The log itself: what a partner's own consumer can read of it, and what stands there for whoever gets at its disk."""

from dataclasses import replace

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from roundtable.provisioning.consumers import client_properties, provision_consumer
from tests.faults.evidence import read_log
from tests.journeys.test_plain_consumer import consumer_of
from tests.leaks.asking import Cases
from tests.leaks.city import City
from tests.leaks.marks import word
from tests.leaks.oracle import shown_too_much
from tests.leaks.people import Held

_POLLS = 100
_FEW_POLLS = 3


def leaks(city: City, cases: Cases) -> list[str]:
    """What is wrong with the topics, in words."""
    found = [each for slug in city.forces for each in _stored(city, slug, cases)]
    for slug in city.forces[:2]:
        consumer = _consumer(city, slug)
        found += [each for other in city.forces for each in _read(consumer, slug, other, cases)]
        consumer.close()
    return found


def _stored(city: City, slug: str, cases: Cases) -> list[str]:
    """Nothing that is sealed stands in the log, nor anything of another force."""
    log, held = read_log(city.place.engines, slug), Held({slug: frozenset({"subscriber"})})
    cases.judged["topic"] += len(log)
    cases.seen["topic"] += sum(len(city.marks.within(str(record))) for record in log)
    return [each for record in log for each in shown_too_much(city.marks, held, str(record), then=True)]


def _consumer(city: City, slug: str) -> Consumer:
    name = f"partner-{word()}"
    secret = provision_consumer(replace(city.place.engines.provisioning, database_prefix=city.place.prefix), name, slug)
    return consumer_of(client_properties(city.place.engines.bootstrap_servers, name, secret))


def _read(consumer: Consumer, slug: str, other: str, cases: Cases) -> list[str]:
    """Whether a consumer of one force reads the topic of another, and its own."""
    cases.judged["topic"] += 1
    topic, own = f"engagement.{other}", slug == other
    error = consumer.list_topics(topic, timeout=10).topics[topic].error
    refused = error is not None and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    consumer.assign([TopicPartition(topic, number, 0) for number in range(3)])
    heard = any(_is_event(consumer.poll(0.2)) for _ in range(_POLLS if own else _FEW_POLLS))
    return (
        [] if (refused, heard) == (not own, own) else [f"a consumer of {slug} is answered {error} at {topic}, and hears of events: {heard}"]
    )


def _is_event(record: Message | None) -> bool:
    return record is not None and record.error() is None
