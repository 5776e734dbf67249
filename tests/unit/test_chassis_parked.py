"""What is understood of a parked event: everything that says which it is and why, and nothing that it says."""

import re
from typing import Any

import pytest
from aiokafka import TopicPartition
from pydantic import BaseModel, ValidationError

from chassis.batch import UnknownEventError, received
from chassis.parked import envelope, explained
from chassis.stopped import outside
from contracts.codec import Message, UndecodableError, encode
from contracts.sealing import DataKey, seal
from tests.builders import NOW, concern_raised, new_id

SECRET = "07700900123"


class Facts(BaseModel):
    number: int
    other: int


def message(**changes: Any) -> Message:
    event = concern_raised("kent")
    fields: dict[str, Any] = {
        "id": new_id(),
        "type": event.type,
        "service": "concerns",
        "time": NOW,
        "data": seal(event.state, DataKey("one", bytes(32))),
    }
    return Message(**(fields | changes))


def why(error: Exception) -> dict[str, Any]:
    try:
        raise error
    except type(error) as raised:
        return explained(raised)


def test_an_envelope_is_read_from_the_headers_alone() -> None:
    sent = message(traceparent=f"00-{'a' * 32}-{'b' * 16}-01")

    found = envelope(encode(sent)[2])

    assert found == {
        "id": sent.id,
        "type": sent.type,
        "subject": sent.subject,
        "sequence": "0000000001",
        "time": "2025-05-06T18:30:00.000Z",
        "traceparent": sent.traceparent,
    }


@pytest.mark.parametrize("header", ["ce_id", "ce_type", "ce_subject", "ce_sequence", "ce_time", "ce_traceparent"])
@pytest.mark.parametrize("value", [SECRET.encode(), b"\xff\xfe", b"", None, b"engagement.said: " + SECRET.encode()])
def test_a_header_that_does_not_have_its_form_is_not_repeated(header: str, value: bytes | None) -> None:
    assert envelope([(header, value)]) == {}


def test_the_words_of_an_error_name_where_in_our_code_it_was_and_repeat_nothing() -> None:
    def projection() -> None:
        raise ValueError(SECRET)

    try:
        received(*_arguments(message(type="engagement.concern-raised.v9")))
    except UnknownEventError as error:
        unknown = explained(error)
    with pytest.raises(ValueError, match=SECRET) as failure:
        projection()

    assert unknown["reason"] == "unknown"
    assert unknown["why"] == "this release knows no event of this type and version"
    assert explained(failure.value)["why"] == "ValueError"
    assert explained(failure.value)["reason"] == "failed"


def test_the_place_in_our_code_is_told() -> None:
    with pytest.raises(UndecodableError) as failure:
        received(*_arguments(message(), topic="engagement.essex"))
    plain = why(UndecodableError("the record has no value"))

    assert explained(failure.value)["why"] == "the event is of another force than its topic"
    assert plain == {"reason": "undecodable", "error": "UndecodableError", "why": "the record has no value", "release": plain["release"]}
    with pytest.raises(TypeError) as broken:
        encode(message(data=None))
    assert re.fullmatch(r"TypeError at contracts/codec\.py:\d+ in \w+", explained(broken.value)["why"])


def test_what_validation_found_is_told_by_the_names_of_fields() -> None:
    with pytest.raises(ValidationError) as failure:
        Facts.model_validate({"number": SECRET + "x", "other": "y"})

    words = explained(failure.value)["why"]

    assert words == "ValidationError of number, other"
    assert SECRET not in words


def test_a_position_outside_its_log_is_told_with_all_that_an_operator_asks() -> None:
    where = TopicPartition("engagement.kent", 2)
    said = outside(where, 105, 0, 7)

    assert said.startswith("the position in partition 2 of topic engagement.kent is 105, and the log reaches from 0 to 7: ")
    assert "PartitionStopped" in said
    assert "Kafka does not tell where the log begins and ends" in outside(where, 105, None, None)


def _arguments(sent: Message, topic: str = "engagement.kent") -> tuple[Any, ...]:
    key, value, headers = encode(sent)
    return TopicPartition(topic, 2), 4, value, key, headers
