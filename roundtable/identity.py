"""The demonstration issuer: an ES256 key of the data folder, the tokens it signs and the JWKS that verifies them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey

from chassis.trust import DEMONSTRATION
from roundtable.credentials import write_once
from roundtable.grants import Grant
from roundtable.home import Home

ISSUER: Final = DEMONSTRATION
AUDIENCE: Final = "roundtable"
OPERATOR: Final = "operator"
_ALGORITHM: Final = "ES256"


def new_key() -> str:
    """A fresh private key of the curve P-256, as PEM."""
    return ECKey.generate_key("P-256").as_pem(private=True).decode()


class Issuer:
    """Signs tokens with the key of one data folder, which it makes when there is none."""

    def __init__(self, home: Home) -> None:
        """Read or make the key."""
        path = home.issuer_key
        if not path.exists():
            write_once(path, new_key())
        self._key = ECKey.import_key(path.read_bytes())
        self._home = home

    def publish(self, *others: str) -> None:
        """Write the public key where the services read it, and those of other keys whose signatures count (PEM)."""
        before = self._home.issuer_key_before
        keys = [self._key, *(ECKey.import_key(each) for each in (*others, *([before.read_text()] if before.exists() else [])))]
        self._home.jwks.parent.mkdir(exist_ok=True)
        draft = self._home.jwks.with_suffix(".draft")
        draft.write_text(json.dumps({"keys": [_public(key) for key in keys]}, indent=2) + "\n")
        # In one step: a service may be reading it.
        draft.replace(self._home.jwks)

    def token(self, subject: str, grants: Iterable[Grant], lifetime: timedelta) -> str:
        """A bearer token that carries these grants."""
        now = datetime.now(UTC)
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "grants": [grant.as_claim() for grant in grants],
        }
        header = {"alg": _ALGORITHM, "kid": self._key.thumbprint()}
        return jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])


def _public(key: ECKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": _ALGORITHM}
