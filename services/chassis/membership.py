"""How a static member leaves its consumer group, which clients never do by themselves (KIP-345).

Whoever joins under a known name takes its predecessor's partitions over at once, without a rebalance, whatever it subscribes to: topics
that are new would be nobody's, and those that are gone would be its own. And the partitions of a process that stops for good would be
nobody's until the end of its session.
"""

import asyncio
from collections.abc import Collection
from typing import Final

import structlog
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    GroupCoordinatorNotAvailableError,
    NoError,
    NotCoordinatorForGroupError,
    UnknownMemberIdError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest

from chassis.kafka import REQUEST_SECONDS, STOP_SECONDS, connection
from chassis.settings import Settings
from chassis.waits import within

log = structlog.get_logger()
_UUID_LENGTH: Final = 36
_NOT_YET: Final = (GroupCoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorForGroupError)
_PAUSE_SECONDS: Final = 0.1


async def leave(settings: Settings, group: str, *, unless_reading: Collection[str] = ()) -> bool:
    """Have whoever bears this process's name leave a consumer group; whether someone did.

    Args:
        settings: of the service; without a name of its own (`instance`) a process is nobody whom the group would keep.
        group: the consumer group.
        unless_reading: the topics that the member may go on reading, if it reads just these.

    Raises:
        KafkaError, TimeoutError: Kafka does not answer.
    """
    if not settings.instance:
        return False
    client = AIOKafkaClient(**connection(settings))
    try:
        async with asyncio.timeout(REQUEST_SECONDS * 2):
            await client.bootstrap()
            return await _left(client, group, settings.instance, set(unless_reading))
    finally:
        await within(STOP_SECONDS, client.close())


async def _left(client: AIOKafkaClient, group: str, instance: str, topics: set[str]) -> bool:
    while True:
        try:
            coordinator = await client.coordinator_lookup(CoordinationType.GROUP, group)
            others = await _others(client, coordinator, group, instance, topics)
            for member in others:
                await _let_go(client, coordinator, group, member)
        except _NOT_YET:
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return bool(others)


async def _others(client: AIOKafkaClient, coordinator: int, group: str, instance: str, topics: set[str]) -> list[str]:
    """Ids of members of this name that subscribe to other topics."""
    answer = await client.send(coordinator, DescribeGroupsRequest([group]), group=ConnectionGroup.COORDINATION)
    error, _, _, _, _, members = answer.groups[0][:6]
    if error:
        raise for_code(error)
    return [member for member, _, _, metadata, _ in members if _bears(member, instance) and _subscribed(metadata) != topics]


def _bears(member: str, instance: str) -> bool:
    """Whether a member's id is `instance` and the UUID that the coordinator adds."""
    return member.startswith(f"{instance}-") and len(member) == len(instance) + 1 + _UUID_LENGTH


def _subscribed(metadata: bytes) -> set[str]:
    return set(ConsumerProtocol.METADATA.decode(metadata).subscription) if metadata else set()


async def _let_go(client: AIOKafkaClient, coordinator: int, group: str, member: str) -> None:
    answer = await client.send(coordinator, LeaveGroupRequest(group, member), group=ConnectionGroup.COORDINATION)
    error = for_code(answer.error_code)
    if error not in {NoError, UnknownMemberIdError}:
        raise error
    log.info("left_the_group", group=group)
