"""Tokens: ES256 of one issuer for one audience, believed for what their claims say and for as long as they hold."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chassis.auth import Authenticator
from chassis.principal import Principal, Role
from tests.unit.leaflets import HERE, Issuer, status_of
from tests.unit.trusting import GRANTS


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
