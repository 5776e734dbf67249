"""The demonstration issuer: one key for each data folder, whose public half verifies what it signs."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet

from roundtable.grants import Grant
from roundtable.home import Home
from roundtable.identity import AUDIENCE, ISSUER, Issuer

GRANT = Grant("kent", ("reader", "recorder"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).prepare()


def published(home: Home) -> KeySet:
    return KeySet.import_key_set(json.loads(home.jwks.read_text()))


def test_what_the_issuer_signs_is_verified_by_what_it_publishes(home: Home) -> None:
    issuer = Issuer(home)
    issuer.publish()

    token = jwt.decode(issuer.token("alice", [GRANT], timedelta(hours=1)), published(home), algorithms=["ES256"])

    claims = token.claims
    assert token.header["alg"] == "ES256"
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, AUDIENCE, "alice")
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["grants"] == [{"force": "kent", "roles": ["reader", "recorder"]}]


def test_the_key_outlives_a_start(home: Home) -> None:
    Issuer(home).publish()

    later = Issuer(home).token("alice", [GRANT], timedelta(hours=1))

    jwt.decode(later, published(home), algorithms=["ES256"])


def test_another_data_folder_signs_with_another_key(home: Home, tmp_path: Path) -> None:
    Issuer(home).publish()
    stranger = Issuer(Home(tmp_path / "other").prepare())
    token = stranger.token("alice", [GRANT], timedelta(hours=1))

    with pytest.raises(InvalidKeyIdError):
        jwt.decode(token, published(home), algorithms=["ES256"])


def test_what_is_published_holds_nothing_private(home: Home) -> None:
    Issuer(home).publish()

    (key,) = json.loads(home.jwks.read_text())["keys"]

    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert stat.S_IMODE((home.secrets / "issuer.pem").stat().st_mode) == 0o600
