"""One sign-in by an identity provider, from the browser's leaving to its coming back. All that binds the two is in the browser's cookie.

State, nonce and PKCE verifier are derived from the cookie: whoever lacks it can make none of them, and nothing is stored.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Self

COOKIE: Final = "roundtable_sign_in"
SECONDS: Final = 600
_BYTES: Final = 32
_LONGEST: Final = 100


@dataclass(frozen=True)
class Flow:
    """A sign-in with a provider of that name. `secret` is the cookie's value, and stands in no log."""

    provider: str
    secret: str

    @classmethod
    def begin(cls, provider: str) -> Self:
        """A new one."""
        return cls(provider, secrets.token_urlsafe(_BYTES))

    def __repr__(self) -> str:
        """Only the provider."""
        return f"Flow({self.provider})"

    @property
    def state(self) -> str:
        """What comes back with the browser (RFC 6749, section 10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the ID token must name (OpenID Connect Core, section 3.1.2.1)."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What redeems the code (RFC 7636, section 4.1)."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What the provider keeps of the verifier, by the method S256."""
        return _written(hashlib.sha256(self.verifier.encode()).digest())

    def came_back_with(self, state: str) -> bool:
        """Whether a browser came back from where this sign-in sent it."""
        plausible = 0 < len(self.secret) <= _LONGEST
        return plausible and hmac.compare_digest(self.state.encode(), state.encode())

    def _derived(self, purpose: str) -> str:
        return _written(hmac.new(self.secret.encode(), f"{purpose}|{self.provider}".encode(), hashlib.sha256).digest())


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
