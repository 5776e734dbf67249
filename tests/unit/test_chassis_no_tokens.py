"""What is no token, or none of ours, is 401 and nothing worse."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.auth import Authenticator
from chassis.jwks import KeySource
from chassis.problems import Refusal
from tests.unit.leaflets import Issuer, status_of
from tests.unit.trusting import GRANTS, trusting

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


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
