"""Who is trusted in the tests of tokens, and by which clock."""

from chassis.auth import Authenticator
from chassis.jwks import KeySource
from chassis.trust import Trusted
from tests.unit.leaflets import HERE, ISSUER

GRANTS = {HERE: ["recorder", "publisher"]}


class Seconds:
    """A clock that a test holds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def trusting(keys: KeySource) -> Authenticator:
    return Authenticator([Trusted(ISSUER, "roundtable", ("ES256",), keys)])
