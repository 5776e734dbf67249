"""The wire form: what is sealed stays sealed, opens for the right record alone, and loses nothing."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import Message, decode, encode
from contracts.concern import Concern
from contracts.dates import instant
from contracts.event import EVENTS, Model
from contracts.fields import Confidentiality
from contracts.sealing import CannotOpenError, DataKey, redact, seal, unseal
from contracts.state import ERASED_FIELDS, LastEvent, State, fields_of
from tests.builders import NOW, concern, new_id
from tests.contracts.states import KEYS, UNKNOWN, any_opened, moderate

KEY = DataKey("one", bytes(32))
SAID = "the eastern gate is unlit after evening prayers"


def sent(state: State, wire: dict[str, Any]) -> dict[str, Any]:
    """A wire form after its way through Kafka."""
    event_type = next(name for name, event in EVENTS.items() if event.model is type(state))
    key, value, headers = encode(Message("1", event_type, state.service, NOW, wire))
    return decode(value, key, headers).data


@moderate
@given(any_opened(), UNKNOWN, KEYS)
def test_any_state_survives_sealing_and_the_codec(made: tuple[Model, dict[str, Any]], secret: dict[str, Any], key: DataKey) -> None:
    model, opened = made
    opened = {"id": "7", "force": "kent"} | {name: value for name, value in opened.items() if name not in {"id", "force"}}
    state = model.from_opened(opened | secret, frozenset(secret))

    back = unseal(model, sent(state, seal(state, key)), key)

    assert back.opened() == state.opened()
    assert back.sealed_names() >= secret.keys()


@moderate
@given(any_opened())
def test_what_a_reader_without_a_key_sees_holds_no_sealed_field(made: tuple[Model, dict[str, Any]]) -> None:
    model, opened = made
    state = model.from_opened(opened)

    wire = seal(state, KEY)

    assert not wire.keys() & state.sealed_names()
    assert model.from_clear(wire).opened().keys() >= fields_of(model, Confidentiality.FRAME)


@pytest.mark.parametrize("sensitive", [False, True])
def test_sealed_text_never_stands_in_the_bytes_on_the_wire(sensitive: bool) -> None:  # noqa: FBT001 - a parameter of the test
    state = concern("kent", said=SAID, category="hate-crime", locality="Margate", sensitive=sensitive)

    _, value, headers = encode(Message("1", "engagement.concern-raised.v1", "concerns", NOW, seal(state, KEY)))

    everything = value + b"".join(content for _, content in headers)
    assert SAID.encode() not in everything
    assert (b"Margate" in everything, b"hate-crime" in everything) == (not sensitive, not sensitive)


@pytest.mark.parametrize("change", [{"id": "another"}, {"version": 2}, {"force": "surrey"}])
def test_a_block_does_not_open_for_another_record_version_or_force(change: dict[str, Any]) -> None:
    wire = seal(concern("kent", said=SAID), KEY)

    with pytest.raises(CannotOpenError, match="does not open"):
        unseal(Concern, wire | change, KEY)


def test_a_block_does_not_open_with_another_key() -> None:
    wire = seal(concern("kent", said=SAID), KEY)

    with pytest.raises(CannotOpenError):
        unseal(Concern, wire, replace(KEY, secret=bytes(31) + b"1"))


@moderate
@given(st.sampled_from(["nonce", "ct"]), st.integers(0, 15), st.sampled_from("AQgw"))
def test_a_block_that_was_changed_does_not_open(part: str, place: int, letter: str) -> None:
    wire = seal(concern("kent", said=SAID), KEY)
    text = wire["sealed"][part]
    changed = text[:place] + (letter if text[place] != letter else "_") + text[place + 1 :]

    with pytest.raises(CannotOpenError):
        unseal(Concern, wire | {"sealed": wire["sealed"] | {part: changed}}, KEY)


@pytest.mark.parametrize("block", [{}, {"nonce": "AAAA", "ct": "AAAA"}, {"nonce": 7, "ct": None}, "text", {"nonce": "ä", "ct": "!"}])
def test_a_block_that_is_none_cannot_be_opened(block: Any) -> None:
    wire = seal(concern("kent", said=SAID), KEY) | {"sealed": block}

    with pytest.raises(CannotOpenError):
        unseal(Concern, wire, KEY)


def test_two_sealings_of_one_state_share_no_nonce() -> None:
    state = concern("kent", said=SAID)

    assert seal(state, KEY)["sealed"]["nonce"] != seal(state, KEY)["sealed"]["nonce"]


@moderate
@given(any_opened())
def test_an_old_ordinary_version_of_a_record_that_is_sensitive_now_shows_the_frame_alone(made: tuple[Model, dict[str, Any]]) -> None:
    model, opened = made
    old = seal(model.from_opened(opened | {"sensitive": False}), KEY)

    shown = redact(model, old, sensitive=True)

    assert shown.keys() <= fields_of(model, Confidentiality.FRAME)
    assert shown["sensitive"] is True


@moderate
@given(any_opened())
def test_redacting_an_ordinary_record_takes_out_the_block_and_nothing_else(made: tuple[Model, dict[str, Any]]) -> None:
    model, opened = made
    wire = seal(model.from_opened(opened | {"sensitive": False}), KEY)

    assert redact(model, wire | {"_id": "kent:7"}, sensitive=False) == {name: wire[name] for name in wire.keys() - {"sealed"}}


@moderate
@given(any_opened())
def test_an_erased_record_has_exactly_five_fields(made: tuple[Model, dict[str, Any]]) -> None:
    model, opened = made
    last = LastEvent(id=new_id(), type="engagement.concern-erased.v1", time=NOW)
    state = model.from_opened(opened).next(erased_at=NOW, last_event=last)

    wire = seal(state, KEY)

    assert wire.keys() == {"id", "force", "version", "erased_at", "last_event"} == ERASED_FIELDS
    assert wire["erased_at"] == instant(NOW)
    assert redact(model, wire, sensitive=True) == wire


def test_the_block_is_there_even_when_it_holds_nothing() -> None:
    state = Concern(id=new_id(), force="kent", version=1)

    assert seal(state, KEY)["sealed"].keys() == {"kid", "nonce", "ct"}


def test_a_key_shows_its_name_and_never_itself() -> None:
    assert repr(DataKey("one", b"very secret")) == "DataKey(one)"
    assert "secret" not in json.dumps(str(DataKey("one", b"very secret")))
