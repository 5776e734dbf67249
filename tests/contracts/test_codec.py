"""The CloudEvents codec: attributes as documented, and nothing but `UndecodableError` for what is no event of ours."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import HEADERS, Message, UndecodableError, decode, encode
from contracts.concern import Concern
from contracts.dates import instant
from contracts.events import ConcernRaised
from contracts.sealing import DataKey, seal
from tests.builders import NOW, concern, new_id
from tests.contracts.states import JSON, moderate

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SOME_HEADERS = st.lists(
    st.tuples(st.text(max_size=8) | st.sampled_from(["ce_id", "ce_type", "ce_specversion", "ce_time"]), st.binary(max_size=12))
)


def raised(**facts: Any) -> Message:
    wire = seal(concern("northamptonshire", **facts), DataKey("one", bytes(32)))
    return Message(new_id(), ConcernRaised.type, "concerns", NOW, wire, TRACE)


def headers_of(message: Message) -> dict[str, bytes]:
    return dict(encode(message)[2])


def test_attributes_are_as_the_wire_says() -> None:
    message = raised()

    assert message.attributes() == {
        "specversion": "1.0",
        "id": message.id,
        "type": "engagement.concern-raised.v1",
        "source": "/forces/northamptonshire/concerns",
        "subject": message.data["id"],
        "time": NOW,
        "datacontenttype": "application/json",
        "dataschema": "urn:roundtable:schema:concern-raised:v1",
        "partitionkey": message.data["id"],
        "forceid": "northamptonshire",
        "sequence": "0000000001",
        "traceparent": TRACE,
    }


def test_a_record_is_keyed_by_its_aggregate_and_carries_attributes_as_headers() -> None:
    message = raised()
    key, value, headers = encode(message)

    assert key == message.data["id"].encode()
    assert json.loads(value) == message.data
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": message.id.encode(),
        "ce_type": b"engagement.concern-raised.v1",
        "ce_source": b"/forces/northamptonshire/concerns",
        "ce_subject": key,
        "ce_time": b"2025-05-06T18:30:00.000Z",
        "content-type": b"application/json",
        "ce_dataschema": b"urn:roundtable:schema:concern-raised:v1",
        "ce_partitionkey": key,
        "ce_forceid": b"northamptonshire",
        "ce_sequence": b"0000000001",
        "ce_traceparent": TRACE.encode(),
    }


@pytest.mark.parametrize("trace", [TRACE, None])
def test_what_was_encoded_decodes_to_the_same_message(trace: str | None) -> None:
    message = replace(raised(), traceparent=trace, time=NOW.replace(microsecond=7_000))
    key, value, headers = encode(message)

    assert decode(value, key, headers) == message


def test_a_type_that_nobody_knows_yet_is_decoded_and_has_no_model() -> None:
    message = replace(raised(), type="engagement.concern-sung.v1")
    key, value, headers = encode(message)

    decoded = decode(value, key, headers)

    assert decoded == message
    assert decoded.model is None
    assert raised().model is Concern


def test_the_cloudevents_sdk_reads_a_record() -> None:
    message = raised()
    key, value, headers = encode(message)

    read = from_binary(KafkaMessage(headers=dict(headers), key=key, value=value), JSONFormat())

    assert (read.get_id(), read.get_type(), read.get_subject()) == (message.id, message.type, message.subject)
    assert read.get_extension("sequence") == "0000000001"
    assert read.get_data() == message.data


@moderate
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.none() | st.just(TRACE), st.datetimes(timezones=st.just(UTC)))
def test_a_record_is_what_the_cloudevents_sdk_would_write(facts: dict[str, Any], trace: str | None, at: datetime) -> None:
    at = max(at.replace(microsecond=at.microsecond // 1000 * 1000), datetime(1000, 1, 1, tzinfo=UTC))
    message = replace(raised(), traceparent=trace, time=at)
    message = replace(message, data=facts | message.data)

    by_sdk = to_binary(CloudEvent(message.attributes(), message.data), JSONFormat())

    key, value, headers = encode(message)
    assert (key.decode(), value) == (by_sdk.key, by_sdk.value)
    assert dict(headers) == by_sdk.headers | {"ce_time": instant(at).encode()}
    assert decode(value, key, headers) == message


@moderate
@given(st.sampled_from(sorted(HEADERS | {"content-type"})), st.text(max_size=12).map(str.encode) | st.binary(max_size=4) | st.none())
def test_what_the_cloudevents_sdk_refuses_of_an_attribute_that_is_read_is_undecodable(name: str, content: bytes | None) -> None:
    key, value, headers = encode(raised())
    changed = {header: own for header, own in headers if header != name} | ({} if content is None else {name: content})

    try:
        from_binary(KafkaMessage(headers=changed, key=key, value=value), JSONFormat())
    except (CloudEventValidationError, ValueError, TypeError):
        with pytest.raises(UndecodableError):
            decode(value, key, list(changed.items()))


@moderate
@given(st.text(max_size=8), st.binary(max_size=4))
def test_a_header_of_someone_elses_makes_no_poison(name: str, content: bytes) -> None:
    message = raised()
    key, value, headers = encode(message)

    assert decode(value, key, [(f"x-{name}", content), *headers]) == message


@moderate
@given(st.lists(st.integers(1, 10**10 - 1), min_size=2, max_size=6))
def test_sequences_sort_as_versions_do(versions: list[int]) -> None:
    message = raised()
    sequence = {version: replace(message, data=message.data | {"version": version}).attributes()["sequence"] for version in versions}

    assert sorted(versions, key=sequence.__getitem__) == sorted(versions)


def test_what_subscribers_get_has_no_sealed_block_and_no_store_id() -> None:
    message = replace(raised(), data=raised().data | {"_id": "northamptonshire:7"})

    shown = message.structured()

    assert not shown["data"].keys() & {"sealed", "_id"}
    assert shown["time"] == "2025-05-06T18:30:00.000Z"
    assert json.loads(json.dumps(shown)) == shown


@moderate
@given(st.none() | st.binary(max_size=40), st.none() | st.binary(max_size=8), SOME_HEADERS)
def test_garbage_is_undecodable_and_nothing_worse(value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(UndecodableError):
        decode(value, key, headers)


@moderate
@given(JSON.map(lambda data: json.dumps(data).encode()) | st.binary(max_size=40))
def test_good_headers_over_other_data_are_undecodable(value: bytes) -> None:
    key, _, headers = encode(raised())

    with pytest.raises(UndecodableError):
        decode(value, key, headers)


@moderate
@given(st.sampled_from(sorted(headers_of(raised()))), st.binary(max_size=12))
def test_a_header_that_was_replaced_is_refused_or_harmless(name: str, content: bytes) -> None:
    key, value, headers = encode(raised())

    try:
        decoded = decode(value, key, list((dict(headers) | {name: content}).items()))
    except UndecodableError:
        return
    assert decoded.data == json.loads(value)


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_record_without_one_of_its_headers_is_undecodable(name: str) -> None:
    key, value, headers = encode(raised())

    with pytest.raises(UndecodableError):
        decode(value, key, [(header, content) for header, content in headers if header != name])


@pytest.mark.parametrize(
    ("name", "content"),
    [("ce_forceid", b"kent"), ("ce_source", b"/forces/kent/concerns"), ("ce_sequence", b"0000000002"), ("ce_subject", b"other")],
)
def test_headers_that_contradict_the_data_are_undecodable(name: str, content: bytes) -> None:
    key, value, headers = encode(raised())

    with pytest.raises(UndecodableError, match="different records"):
        decode(value, key, list((dict(headers) | {name: content}).items()))


def test_a_time_without_an_offset_is_undecodable() -> None:
    key, value, headers = encode(raised())

    with pytest.raises(UndecodableError):
        decode(value, key, list((dict(headers) | {"ce_time": b"2025-05-06T18:30:00"}).items()))


@pytest.mark.parametrize("value", [b"[" * 50_000, b"[]", b"null", b"\xff\xfe", b'{"id": 1}', b'"\\ud800"'])
def test_data_that_is_no_state_is_undecodable(value: bytes) -> None:
    key, _, headers = encode(raised())

    with pytest.raises(UndecodableError):
        decode(value, key, headers)
