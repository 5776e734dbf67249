"""Attacks on tokens, each by its name: every one is answered by 401, and none is followed anywhere."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from pytest_httpserver import HTTPServer

from chassis.auth import Authenticator
from chassis.jwks import KeySource
from chassis.trust import Trusted
from tests.unit.leaflets import HERE, ISSUER, Issuer, status_of

GRANTS: Final = {HERE: ["controller"]}
Forge = Callable[[Issuer], str]


def written(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(key: Any, header: dict[str, Any], issuer: Issuer, **claims: Any) -> str:
    """Claims as the issuer's own, signed by any key under any header."""
    protected = {"alg": "ES256", "kid": issuer.key.kid} | header
    body = json.dumps(issuer.claims(GRANTS, **claims)).encode()
    return jws.serialize_compact(protected, body, key, algorithms=[str(protected["alg"])])


def unsigned(issuer: Issuer, alg: str) -> str:
    return f"{written({'alg': alg, 'kid': issuer.key.kid})}.{written(issuer.claims(GRANTS))}."


def with_public_key_as_secret(issuer: Issuer, public: bytes) -> str:
    return jwt.encode({"alg": "HS256", "kid": issuer.key.kid}, issuer.claims(GRANTS), OctKey.import_key(base64.urlsafe_b64encode(public)))


def by_hand(issuer: Issuer, **header: Any) -> str:
    """Signed by the issuer's own key over any header, which no library would let pass."""
    signing = f"{written({'alg': 'ES256', 'kid': issuer.key.kid} | header)}.{written(issuer.claims(GRANTS))}"
    key = issuer.key.raw_value
    assert isinstance(key, EllipticCurvePrivateKey)
    halves = decode_dss_signature(key.sign(signing.encode(), ECDSA(SHA256())))
    return f"{signing}.{written(b''.join(half.to_bytes(32, 'big') for half in halves))}"


def swapped(issuer: Issuer) -> str:
    """The claims of one token under the signature of another."""
    head, _, signature = issuer.token({HERE: ["reader"]}).split(".")
    return f"{head}.{written(issuer.claims(GRANTS))}.{signature}"


STRANGER: Final = ECKey.generate_key("P-256", {"kid": "stranger"})
PUBLIC: Final = STRANGER.as_dict(private=False)
HOUR: Final = 3600
ATTACKS: Final[dict[str, Forge]] = {
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg None": lambda issuer: unsigned(issuer, "None"),
    "alg empty": lambda issuer: unsigned(issuer, ""),
    "HS256 with the public key as PEM": lambda issuer: with_public_key_as_secret(issuer, issuer.key.as_pem(private=False)),
    "HS256 with the public key as DER": lambda issuer: with_public_key_as_secret(issuer, issuer.key.as_der(private=False)),
    "HS256 with an empty key": lambda issuer: unsigned(issuer, "HS256"),
    "RS256 where ES256 is listed": lambda issuer: signed(RSAKey.generate_key(2048), {"alg": "RS256"}, issuer),
    "a stranger's key under our kid": lambda issuer: signed(STRANGER, {}, issuer),
    "wrong audience": lambda issuer: issuer.token(GRANTS, aud="another"),
    "no audience": lambda issuer: issuer.token(GRANTS, aud=None),
    "wrong issuer": lambda issuer: issuer.token(GRANTS, iss="https://elsewhere.example"),
    "issuer with a slash more": lambda issuer: issuer.token(GRANTS, iss=f"{ISSUER}/"),
    "expired": lambda issuer: issuer.token(GRANTS, exp=int(time.time()) - HOUR),
    "without an end": lambda issuer: issuer.token(GRANTS, exp=None),
    "not yet valid": lambda issuer: issuer.token(GRANTS, nbf=int(time.time()) + HOUR),
    "unknown kid": lambda issuer: signed(STRANGER, {"kid": "stranger"}, issuer),
    "our key under an unknown kid": lambda issuer: signed(issuer.key, {"kid": "unknown"}, issuer),
    "kid that is a path": lambda issuer: signed(STRANGER, {"kid": "../../../../dev/null"}, issuer),
    "kid that is a query": lambda issuer: signed(STRANGER, {"kid": "x' OR '1'='1"}, issuer),
    "oversized": lambda issuer: issuer.token(GRANTS, padding="x" * 20_000),
    "crit that nobody understands": lambda issuer: by_hand(issuer, crit=["urn:unheard-of"], **{"urn:unheard-of": True}),
    "crit of nothing": lambda issuer: by_hand(issuer, crit=[]),
    "crit that names what is not there": lambda issuer: by_hand(issuer, crit=["b64"]),
    "payload that is not encoded (b64)": lambda issuer: by_hand(issuer, crit=["b64"], b64=False),
    "embedded jwk": lambda issuer: signed(STRANGER, {"kid": "stranger", "jwk": PUBLIC}, issuer),
    "embedded jwk under our kid": lambda issuer: signed(STRANGER, {"jwk": PUBLIC}, issuer),
    "claims swapped": swapped,
    "signature left out": lambda issuer: issuer.token(GRANTS).rsplit(".", 1)[0] + ".",
    "signature of zeros": lambda issuer: issuer.token(GRANTS).rsplit(".", 1)[0] + "." + written(bytes(64)),
    "encrypted": lambda issuer: f"{issuer.token(GRANTS)}.x.y",
}


@pytest.fixture
def authenticator(issuer: Issuer) -> Authenticator:
    return Authenticator([Trusted(ISSUER, "roundtable", ("ES256",), KeySource(str(issuer.jwks)))])


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_is_refused(authenticator: Authenticator, issuer: Issuer, attack: str) -> None:
    assert {await status_of(authenticator, token) for token in (issuer.token(GRANTS), by_hand(issuer))} == {200}

    assert await status_of(authenticator, ATTACKS[attack](issuer)) == 401


@pytest.mark.parametrize("field", ["kid", "jku", "x5u"])
async def test_an_address_in_a_header_is_asked_for_nothing(
    authenticator: Authenticator, issuer: Issuer, httpserver: HTTPServer, field: str
) -> None:
    httpserver.expect_request("/keys").respond_with_json({"keys": [PUBLIC]})
    forged = signed(STRANGER, {"kid": "stranger"} | {field: httpserver.url_for("/keys")}, issuer)

    assert await status_of(authenticator, forged) == 401
    assert httpserver.log == []


async def test_a_key_that_is_rotated_in_mid_flight_takes_its_tokens_along(issuer: Issuer) -> None:
    keys = KeySource(str(issuer.jwks))
    authenticator = Authenticator([Trusted(ISSUER, "roundtable", ("ES256",), keys)])
    before = issuer.token(GRANTS)
    assert await status_of(authenticator, before) == 200

    issuer.rotate("two")
    keys._due = 0.0

    assert await status_of(authenticator, issuer.token(GRANTS)) == 200
    assert await status_of(authenticator, before) == 401
