"""A new key of the demonstration's issuer, whose tokens of before count on until that is ended."""

from roundtable.credentials import replace_private
from roundtable.errors import OperatorError
from roundtable.identity import Issuer, new_key
from roundtable.native.kafka.jars import Tell
from roundtable.operator_desk import OperatorDesk


def rotate_issuer_key(desk: OperatorDesk, tell: Tell) -> None:
    """Sign with a new key from now on; what the one before signed is still good."""
    home = desk.home
    if home.issuer_key_before.exists():
        message = "what an earlier key signed is still good: `rotate issuer --forget` ends that, before another one"
        raise OperatorError(message)
    replace_private(home.issuer_key_before, home.issuer_key.read_text(encoding="utf-8"))
    # Both are published before anything is signed with the new one: a service may not have read it yet.
    fresh = new_key()
    Issuer(home).publish(fresh)
    replace_private(home.issuer_key, fresh)
    Issuer(home).publish()
    tell("tokens are signed with a new key; those of before are good until they expire, or until `--forget`")


def forget_issuer_key(desk: OperatorDesk, tell: Tell) -> None:
    """End what the key before has signed."""
    desk.home.issuer_key_before.unlink(missing_ok=True)
    Issuer(desk.home).publish()
    tell("no token that an earlier key signed is good any more")
