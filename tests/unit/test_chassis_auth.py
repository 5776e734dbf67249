"""Tokens: ES256 of one issuer for one audience, verified by its published keys; anything else is 401 and nothing worse."""

import asyncio
import base64
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from pytest_httpserver import HTTPServer
from werkzeug import Response

from chassis.auth import Authenticator
from chassis.jwks import KeySource, keys_of
from chassis.principal import Principal, Role
from chassis.problems import Refusal
from chassis.trust import Trusted
from tests.unit.leaflets import HERE, ISSUER, Issuer, status_of

GRANTS = {HERE: ["recorder", "publisher"]}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


class Seconds:
    """A clock that a test holds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


def trusting(keys: KeySource) -> Authenticator:
    return Authenticator([Trusted(ISSUER, "roundtable", ("ES256",), keys)])


@pytest.fixture
def authenticator(issuer: Issuer, clock: Seconds) -> Authenticator:
    return trusting(KeySource(str(issuer.jwks), clock=clock))


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_a_token_names_its_subject_and_grants(authenticator: Authenticator, issuer: Issuer) -> None:
    principal = await authenticator.principal(f"bEARER {issuer.token(GRANTS, exp=2_000_000_000)}")

    assert principal == Principal("ada", {HERE: frozenset({Role.RECORDER, Role.PUBLISHER})}, datetime.fromtimestamp(2_000_000_000, UTC))


async def test_a_token_that_was_verified_before_is_the_same_principal(authenticator: Authenticator, issuer: Issuer) -> None:
    token = issuer.token(GRANTS)

    assert await authenticator.verify(token) is await authenticator.verify(token)


async def test_expiry_is_checked_at_every_use(authenticator: Authenticator, issuer: Issuer) -> None:
    token = issuer.token(GRANTS, exp=int(time.time()) + 60)
    assert await status_of(authenticator, token) == 200

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=80), tick=False):
        assert await status_of(authenticator, token) == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=100), tick=False):
        assert await status_of(authenticator, token) == 401


async def test_grants_given_twice_add_up_and_unknown_roles_count_for_nothing(authenticator: Authenticator, issuer: Issuer) -> None:
    given_here = [{"force": HERE, "roles": ["reader", "emperor"]}, {"force": HERE, "roles": ["recorder"]}]
    everywhere = {"force": "*", "roles": ["operator", "reader"]}
    principal = await authenticator.verify(issuer.token({}, grants=[*given_here, everywhere]))

    assert principal.grants == {HERE: {Role.READER, Role.RECORDER}, "*": {Role.READER}}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "someone else"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another"]},
        {"aud": {"roundtable": 1}},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "\ud800"},
        {"sub": "x" * 201},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": -1},
        {"exp": 10**400},
        {"exp": 1_000_000_000},
        {"nbf": "now"},
        {"nbf": 4_000_000_000},
        {"grants": None},
        {"grants": {}},
        {"grants": [{}]},
        {"grants": ["reader"]},
        {"grants": [{"force": HERE}]},
        {"grants": [{"force": 3, "roles": []}]},
        {"grants": [{"force": HERE, "roles": "reader"}]},
        {"grants": [{"force": HERE, "roles": [["reader"]]}]},
        {"grants": [{"force": HERE, "roles": []}] * 201},
    ],
)
async def test_claims_that_do_not_hold_are_refused(authenticator: Authenticator, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert await status_of(authenticator, issuer.token(GRANTS, **claims)) == 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x",
        "Bearer ..",
        "Bearer a.b.c",
        "Bearer é",
        "Bearer " + "x" * 20_000,
        "Bearer " + ".".join([encoded([]), "", ""]),
        "Bearer " + ".".join([encoded("alg"), encoded({}), "AAAA"]),
        "Bearer " + ".".join([encoded(7), encoded({}), "AAAA"]),
        "Bearer " + ".".join([encoded(b"[" * 380), encoded({}), "AAAA"]),
        "Bearer " + ".".join([encoded({"alg": 7}), encoded({}), "AAAA"]),
        "Bearer " + ".".join([encoded({"alg": "ES256", "kid": {}}), encoded({}), "AAAA"]),
        "Bearer " + ".".join([encoded({"alg": "ES256", "kid": "one"}), encoded({}), "AAAA"]),
        "Bearer " + ".".join([encoded(b"\xff\xff"), encoded(b"\xff"), "AAAA"]),
    ],
)
async def test_what_is_no_token_is_refused(authenticator: Authenticator, header: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        await authenticator.principal(header)

    assert refused.value.status == 401


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Issuer, Authenticator]:
    """An issuer that keeps its key."""
    issuer = Issuer(tmp_path_factory.mktemp("issuer") / "jwks.json")
    return issuer, trusting(KeySource(str(issuer.jwks)))


@given(st.text(max_size=300))
async def test_no_text_is_worse_than_401(settled: tuple[Issuer, Authenticator], text: str) -> None:
    assert await status_of(settled[1], text) == 401


@given(ANY_JSON)
async def test_no_signed_claims_are_worse_than_401(settled: tuple[Issuer, Authenticator], claims: Any) -> None:
    issuer, authenticator = settled

    assert await status_of(authenticator, issuer.signed(claims)) == 401


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("iss", "aud", "sub", "exp", "nbf", "grants"), ANY_JSON)))
async def test_no_wrong_claim_is_worse_than_401(settled: tuple[Issuer, Authenticator], claims: dict[str, Any]) -> None:
    issuer, authenticator = settled

    assert await status_of(authenticator, issuer.signed(issuer.claims(GRANTS) | claims)) in {200, 401}


async def test_a_rotated_key_is_found_and_the_old_one_counts_no_more(authenticator: Authenticator, issuer: Issuer, clock: Seconds) -> None:
    old = issuer.token(GRANTS)
    assert await status_of(authenticator, old) == 200

    issuer.rotate("two")
    clock.now += 2

    assert await status_of(authenticator, issuer.token(GRANTS)) == 200
    assert await status_of(authenticator, old) == 401


async def test_a_broken_key_set_leaves_the_last_good_one_in_force(authenticator: Authenticator, issuer: Issuer, clock: Seconds) -> None:
    token = issuer.token(GRANTS)
    assert await status_of(authenticator, token) == 200

    issuer.jwks.write_text('{"keys": []}')
    clock.now += 2

    assert await status_of(authenticator, token) == 200


async def test_without_any_key_set_nothing_can_be_said_of_a_token(issuer: Issuer, tmp_path: Path) -> None:
    authenticator = trusting(KeySource(str(tmp_path / "absent.json")))

    assert await status_of(authenticator, issuer.token(GRANTS)) == 503
    assert await status_of(authenticator, "garbage") == 401


async def test_an_address_is_asked_for_unknown_keys_but_not_flooded(issuer: Issuer, httpserver: HTTPServer, clock: Seconds) -> None:
    httpserver.expect_request("/jwks").respond_with_handler(lambda _: _answered(issuer))
    authenticator = trusting(KeySource(httpserver.url_for("/jwks"), clock=clock))
    assert await status_of(authenticator, issuer.token(GRANTS)) == 200
    stranger = jwt.encode({"alg": "ES256", "kid": "unknown"}, issuer.claims(GRANTS), issuer.key)

    for _ in range(20):
        assert await status_of(authenticator, stranger) == 401
    assert len(httpserver.log) == 2

    issuer.rotate("two")
    clock.now += 11
    assert await status_of(authenticator, issuer.token(GRANTS)) == 200


async def test_an_issuer_that_is_away_leaves_the_last_good_set_in_force(issuer: Issuer, httpserver: HTTPServer, clock: Seconds) -> None:
    httpserver.expect_request("/jwks").respond_with_handler(lambda _: _answered(issuer))
    keys = KeySource(httpserver.url_for("/jwks"), clock=clock)
    authenticator = trusting(keys)
    assert await status_of(authenticator, issuer.token(GRANTS)) == 200

    httpserver.clear()
    httpserver.expect_request("/jwks").respond_with_data("", status=500)
    clock.now += 301

    assert await status_of(authenticator, issuer.token(GRANTS)) == 200
    async with asyncio.timeout(5):
        while keys.trouble is None:  # noqa: ASYNC110 - it is read beside
            await asyncio.sleep(0.01)
    await authenticator.probe()


async def test_an_issuer_that_does_not_answer_holds_nobody_up_while_there_is_a_set(
    issuer: Issuer, httpserver: HTTPServer, clock: Seconds
) -> None:
    answers = threading.Event()
    answers.set()

    def in_its_time(_: Any) -> Response:
        answers.wait(10)
        return _answered(issuer)

    httpserver.expect_request("/jwks").respond_with_handler(in_its_time)
    authenticator = trusting(KeySource(httpserver.url_for("/jwks"), clock=clock))
    assert await status_of(authenticator, issuer.token(GRANTS)) == 200

    answers.clear()
    clock.now += 301
    async with asyncio.timeout(1):
        assert await status_of(authenticator, issuer.token(GRANTS)) == 200
        assert await status_of(authenticator, issuer.token(GRANTS)) == 200
    answers.set()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": [1, null]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "!", "y": ""}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "x": 1, "y": null}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256"}]}',
        b"{" * 300_000,
    ],
)
def test_what_is_no_key_set_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"set|Expecting"):
        keys_of(text)


def test_keys_for_other_uses_are_left_out() -> None:
    usable, encrypting = ECKey.generate_key("P-256", {"kid": "a"}), ECKey.generate_key("P-256", {"kid": "b", "use": "enc"})
    larger = ECKey.generate_key("P-384", {"kid": "c"})

    assert keys_of(json.dumps(KeySet([usable, encrypting, larger]).as_dict()).encode()).keys() == {"a", None}


def _answered(issuer: Issuer) -> Response:
    return Response(issuer.jwks.read_text(), content_type="application/json")
