"""What a static member of a consumer group must do before it joins again with other topics than its predecessor had.

Whoever joins under a known name takes its predecessor's partitions over at once, without a rebalance (KIP-345): whatever it subscribes to.
Topics that are new would be nobody's, and those that are gone would be its own.
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


async def let_predecessor_leave(settings: Settings, group: str, topics: Collection[str]) -> bool:
    """Have whoever bore this process's name leave the group, if it subscribed to other topics; whether it did.

    Args:
        settings: of the service; without a name of its own (`instance`) a process has no predecessor.
        group: the consumer group.
        topics: what this process will subscribe to.

    Raises:
        KafkaError, TimeoutError: Kafka does not answer.
    """
    if not settings.instance:
        return False
    client = AIOKafkaClient(**connection(settings))
    try:
        async with asyncio.timeout(REQUEST_SECONDS * 2):
            await client.bootstrap()
            return await _leave(client, group, settings.instance, set(topics))
    finally:
        await within(STOP_SECONDS, client.close())


async def _leave(client: AIOKafkaClient, group: str, instance: str, topics: set[str]) -> bool:
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
    error, *_, members = answer.groups[0]
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
    log.info("predecessor_left_the_group", group=group)
