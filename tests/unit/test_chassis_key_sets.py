"""Tokens are verified by their issuer's published keys: which rotate, break, and are not always to be had."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from pytest_httpserver import HTTPServer
from werkzeug import Response

from chassis.auth import Authenticator
from chassis.jwks import KeySource, keys_of
from tests.unit.leaflets import Issuer, status_of
from tests.unit.trusting import GRANTS, Seconds, trusting


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
        # A task of the key source reads the set again beside the request, and sets no event that could be awaited instead.
        while keys.trouble is None:  # noqa: ASYNC110 - as said above
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
