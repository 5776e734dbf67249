"""The wire form of a state: clear fields, and one sealed block (AES-256-GCM) that holds the rest."""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.fields import Confidentiality
from contracts.state import ERASED_FIELDS, State, fields_of

Wire = dict[str, Any]
S = TypeVar("S", bound=State)
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class CannotOpenError(Exception):
    """A sealed block does not open with this key: it belongs to another record or version, or was changed."""


@dataclass(frozen=True)
class DataKey:
    """The key of one record, and the name under which the key store holds it."""

    kid: str
    secret: bytes

    def __repr__(self) -> str:
        """Only the name: a key stands in no log."""
        return f"DataKey({self.kid})"


def base64url(data: bytes) -> str:
    """Unpadded base64url (RFC 4648, section 5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of unpadded base64url."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def associated_data(force: str, subject: str, version: int) -> bytes:
    """What binds a sealed block to its record and version."""
    return f"rt1|{force}|{subject}|{version}".encode()


def seal(state: State, key: DataKey, *, nonce: bytes | None = None) -> Wire:
    """The wire form of a state.

    Args:
        state: an opened state.
        key: the record's data key.
        nonce: 12 bytes, for reproducible examples alone; random by default.
    """
    if state.erased_at is not None:
        return erased(state)
    opened, hidden = state.opened(), state.sealed_names()
    clear = {name: value for name, value in opened.items() if name not in hidden and name != "erased_at"}
    secret = {name: value for name, value in opened.items() if name in hidden}
    return clear | {"sealed": _encrypt(secret, key, associated_data(state.force, state.id, state.version), nonce)}


def erased(state: State) -> Wire:
    """The stub that stays of an erased record."""
    return {name: value for name, value in state.opened().items() if name in ERASED_FIELDS}


def unseal(model: type[S], wire: Mapping[str, Any], key: DataKey | None) -> S:
    """Read a wire form with its key; without one, only what is clear.

    Raises:
        CannotOpenError: the block was not sealed with this key for this record and version.
    """
    block = wire.get("sealed")
    if block is None or key is None:
        return model.from_clear(wire)
    secret = open_block(wire, key)
    clear = {name: value for name, value in wire.items() if name not in {"_id", "sealed"}}
    return model.from_opened(clear | secret, frozenset(secret))


def open_block(wire: Mapping[str, Any], key: DataKey) -> dict[str, Any]:
    """The sealed fields of a wire form.

    Raises:
        CannotOpenError: as `unseal`.
    """
    block, bound = wire["sealed"], associated_data(wire["force"], wire["id"], wire["version"])
    try:
        plain = AESGCM(key.secret).decrypt(from_base64url(block["nonce"]), from_base64url(block["ct"]), bound)
    # A block can also be no block at all: a part is missing, no text, or of the wrong length.
    except (InvalidTag, KeyError, TypeError, ValueError) as error:
        message = f"the sealed block of {wire['id']} version {wire['version']} does not open with key {key.kid}"
        raise CannotOpenError(message) from error
    return dict(json.loads(plain))


def redact(model: type[State], wire: Mapping[str, Any], *, sensitive: bool) -> Wire:
    """What anyone with a grant may see of a wire form: its clear fields, and fewer when the record is sensitive now."""
    clear = {name: value for name, value in wire.items() if name not in {"_id", "sealed"}}
    if not sensitive or "erased_at" in clear:
        return clear
    frame = fields_of(model, Confidentiality.FRAME)
    return {name: value for name, value in clear.items() if name in frame} | {"sensitive": True}


def _encrypt(secret: dict[str, Any], key: DataKey, bound: bytes, nonce: bytes | None) -> dict[str, str]:
    chosen = os.urandom(NONCE_BYTES) if nonce is None else nonce
    plain = json.dumps(secret, ensure_ascii=False, separators=(",", ":")).encode()
    return {"kid": key.kid, "nonce": base64url(chosen), "ct": base64url(AESGCM(key.secret).encrypt(chosen, plain, bound))}
