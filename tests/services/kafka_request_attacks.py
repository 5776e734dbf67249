"""Requests as they go over the wire, where clients stand before the broker: it must refuse by itself.

A well-behaved client sends nothing to a topic that it was told nothing of, and librdkafka takes a refusal to tell rules for an empty list,
and a refusal to tell users for its own end.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from aiokafka.protocol.admin import DeleteRecordsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Schema, TaggedFields
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from confluent_kafka import KafkaError, KafkaException

from tests.services.intruders import Attacks, Identity, Target, kept_in

BY_REQUEST: Final[Attacks] = {}
attack = kept_in(BY_REQUEST)
_EARLIEST, _LATEST = -2, -1
_ANY = 1


class _UsersToldOf(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(("throttle_time_ms", Int32), ("error_code", Int16))


class _ToldOfUsers(RequestStruct):  # type: ignore[misc]  # as above
    FLEXIBLE_VERSION = True
    API_KEY = 50
    API_VERSION = 0
    RESPONSE_TYPE = _UsersToldOf
    SCHEMA = Schema(("users", CompactArray(("name", CompactString()), ("tags", TaggedFields))), ("tags", TaggedFields))


class DescribeUsersRequest(Request[_ToldOfUsers]):  # type: ignore[misc]  # as above
    """Asks how a user's password is verified: `DescribeUserScramCredentials`, of which only the verdict is read."""

    API_KEY = 50

    def __init__(self, user: str) -> None:
        self._user = user

    def build(self, request_struct_class: type[_ToldOfUsers]) -> _ToldOfUsers:
        return request_struct_class([(self._user, {})], {})


def refused(code: int) -> None:
    """Raise what the broker answered, unless it is that all is well."""
    if code:
        raise KafkaException(KafkaError(code))


def each(topics: Sequence[Any]) -> None:
    """Raise the first refusal among answers for partitions."""
    for _, partitions in topics:
        for partition in partitions:
            refused(partition[1])


@attack
def fetches_from_its_log(by: Identity, on: Target) -> None:
    wanted = [(on.topic, [(number, 0, 1_000_000) for number in range(3)])]
    each(by.sends(FetchRequest(0, 0, 1_000_000, 0, wanted)).topics)


@attack
def asks_where_its_log_begins(by: Identity, on: Target) -> None:
    each(by.sends(OffsetRequest(-1, 0, [(on.topic, [(0, _EARLIEST)])])).topics)


@attack
def asks_where_its_log_ends(by: Identity, on: Target) -> None:
    each(by.sends(OffsetRequest(-1, 0, [(on.topic, [(0, _LATEST)])])).topics)


@attack
def asks_which_record_was_the_first_of_a_day(by: Identity, on: Target) -> None:
    each(by.sends(OffsetRequest(-1, 0, [(on.topic, [(0, 1)])])).topics)


@attack
def produces_to_its_log(by: Identity, on: Target) -> None:
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1_000)
    batch.append(0, int(time.time() * 1000), None, b"{}", [])
    each(by.sends(ProduceRequest(None, -1, 5_000, [(on.topic, [(0, bytes(batch.build()))])])).topics)


@attack
def deletes_its_records(by: Identity, on: Target) -> None:
    (answered,) = by.sends(DeleteRecordsRequest([(on.topic, [(0, 0)])], 5_000)).topics
    _, ((_, _, code, *_), *_), *_ = answered
    refused(code)


@attack
def asks_to_be_an_idempotent_producer(by: Identity, on: Target) -> None:
    del on
    refused(by.sends(InitProducerIdRequest(None, 5_000)).error_code)


@attack
def takes_its_transactional_id(by: Identity, on: Target) -> None:
    refused(by.sends(InitProducerIdRequest(on.user, 5_000)).error_code)


@attack
def commits_for_its_group(by: Identity, on: Target) -> None:
    each(by.sends(OffsetCommitRequest(on.group, -1, "", -1, [(by.readable, [(0, 0, "")])])).topics)


@attack
def commits_a_place_in_its_log(by: Identity, on: Target) -> None:
    each(by.sends(OffsetCommitRequest(by.group, -1, "", -1, [(on.topic, [(0, 0, "")])])).topics)


@attack
def asks_who_may_do_what(by: Identity, on: Target) -> None:
    refused(by.sends(DescribeAclsRequest(_ANY, None, _ANY, f"User:{on.user}", None, _ANY, _ANY)).error_code)


@attack
def asks_how_passwords_are_verified(by: Identity, on: Target) -> None:
    refused(by.sends(DescribeUsersRequest(on.user)).error_code)
