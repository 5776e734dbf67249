"""How often a consumer asks a broker for what is new: seldom while it waits for everything, at once where something was left out."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol.fetch import FetchRequest

from chassis.fetching import PATIENT_MILLISECONDS
from chassis.kafka import consumer, producer
from chassis.service import Runtime
from contracts.topics import topic
from tests.conftest import Place, eventually

Asked = list[float]
SILENCE = 1.0


@pytest.fixture
async def places(place: Place) -> list[TopicPartition]:
    return [TopicPartition(topic(place.force), number) for number in (0, 1)]


@pytest.fixture
async def reader(runtimes: Callable[[str], Awaitable[Runtime]], places: list[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    client = consumer((await runtimes("readmodel")).settings)
    await client.start()
    client.assign(places)
    for place in places:
        client.seek(place, 0)
    yield client
    await client.stop()


@pytest.fixture
async def send(runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Callable[[TopicPartition], Awaitable[Any]]]:
    client = producer((await runtimes("concerns")).settings)
    await client.start()
    yield lambda place: client.send_and_wait(place.topic, b"new", partition=place.partition)
    await client.stop()


@pytest.fixture
def asked(reader: AIOKafkaConsumer, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """When the consumer asked a broker for what is new."""
    times: Asked = []
    send = reader._client.send

    def counted(node: int, request: Any, **options: Any) -> Any:
        if isinstance(request, FetchRequest):
            times.append(time.monotonic())
        return send(node, request, **options)

    monkeypatch.setattr(reader._client, "send", counted)
    return times


async def test_an_idle_consumer_asks_a_few_times_a_second_and_hears_of_an_event_at_once(
    reader: AIOKafkaConsumer, send: Callable[[TopicPartition], Awaitable[Any]], places: list[TopicPartition], asked: Asked
) -> None:
    assert await reader.getmany(timeout_ms=int(SILENCE * 1000)) == {}
    assert 1 <= len(asked) <= SILENCE * 1000 / PATIENT_MILLISECONDS + 1

    heard = asyncio.create_task(reader.getone())
    # In the middle of a fetch.
    await asyncio.sleep(PATIENT_MILLISECONDS / 2000)
    fetches = len(asked)
    await send(places[0])

    assert (await heard).value == b"new"
    assert len(asked) <= fetches + 2


async def test_while_a_partition_waits_to_be_handled_the_others_are_asked_for_again_and_again(
    reader: AIOKafkaConsumer, send: Callable[[TopicPartition], Awaitable[Any]], places: list[TopicPartition], asked: Asked
) -> None:
    await send(places[0])

    async def holds() -> bool:
        return places[0] in reader._fetcher._records

    await eventually(holds)
    fetches = len(asked)
    assert await reader.getmany(places[1], timeout_ms=int(SILENCE * 1000)) == {}

    assert len(asked) - fetches > 3 * SILENCE * 1000 / PATIENT_MILLISECONDS
